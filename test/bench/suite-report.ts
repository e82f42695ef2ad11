/** Owns what a suite of the benchmark hands back: its figures for machines, and the same as text for people. */
export interface SuiteReport {
  readonly figures: object;
  /** Markdown. */
  readonly table: string;
}
