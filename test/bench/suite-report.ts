/** Owns what a suite of the benchmark hands back: its figures for machines, and the same as text for people. */
import type { Verdict } from './verdict.ts';

export interface SuiteReport {
  readonly figures: object;
  /**
   * What `compare` watches, by name; less is better. Only what means the same on another machine: ratios to a yardstick
   * of the same run, and memory.
   */
  readonly ratios: Readonly<Record<string, number>>;
  readonly verdicts: readonly Verdict[];
  /** Markdown: how it was measured, and the tables. */
  readonly text: string;
  /** What was not measured and why, each a sentence. */
  readonly leftOut: readonly string[];
  /** By program. */
  readonly versions: Readonly<Record<string, string>>;
}
