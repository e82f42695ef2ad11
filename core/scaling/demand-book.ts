/** Owns what is known of demand: who reported when, for which Deployment, and how much. Times are monotonic milliseconds. */
import { ConcurrencyWindow } from './concurrency-window.ts';
import type { DemandEntry, DemandReport } from './demand-report.ts';

/** Where a report came from; a gateway counts what it holds, a sidecar what reached its pod. */
export type DemandSource = 'gateway' | 'sidecar';

export interface DemandBookOptions {
  /** Length of the average that scaling follows where it is not asked for another. */
  readonly stableWindowMs: number;
  /** Length of the average that tells a burst. */
  readonly burstWindowMs: number;
  /** How long a report counts; silence beyond it means that nothing is known. */
  readonly expiryMs: number;
}

export interface FreshReporter {
  readonly pod: string;
  readonly source: DemandSource;
  /** Since when it is known what it saw, without a gap. */
  readonly continuousSince: number;
  /** When the newest of them came: what happened after it is not known yet. */
  readonly lastAt: number;
}

export interface DeploymentDemand {
  readonly reporters: readonly FreshReporter[];
  /** When demand was last seen; undefined if never. */
  readonly lastDemandAt: number | undefined;
  readonly stableAverage: number;
  readonly burstAverage: number;
  /** Whether the stable average rests on its whole window; a younger one is no reason to take replicas away. */
  readonly isSettled: boolean;
}

interface Reporter extends FreshReporter {
  lastAt: number;
}

interface Page {
  readonly reporters: Map<string, Reporter>;
  readonly window: ConcurrencyWindow;
  lastDemandAt: number | undefined;
}

export class DemandBook {
  readonly #options: DemandBookOptions;
  readonly #pages = new Map<string, Page>();

  constructor(options: DemandBookOptions) {
    this.#options = options;
  }

  /** Takes over a report whose sender has proved to be `source`. */
  record(report: DemandReport, source: DemandSource, now: number): void {
    const id = `${source}/${report.reporter}/${report.instance}`;
    for (const entry of report.entries) {
      const page = this.#pageOf(demandKey(entry.namespace, entry.deployment), now - report.intervalMs);
      const known = page.reporters.get(id);
      // What a proxy tells of the time before it was known here spares a new leader from beginning anew.
      if (known === undefined) addHistory(page.window, entry, now - report.intervalMs, now);
      page.window.add(entry.averageConcurrency, newTime(report.intervalMs, known, now), now);
      if (known !== undefined && this.#isFresh(known, now)) known.lastAt = now;
      else {
        const continuousSince = now - (entry.idleMs ?? 0);
        page.reporters.set(id, { pod: report.reporter, source, continuousSince, lastAt: now });
      }
      if (isDemand(entry)) page.lastDemandAt = now;
    }
  }

  /**
   * Returns what is known of a Deployment, with the average over `windowMs`; undefined where nobody has reported within
   * the expiry.
   */
  demandOf(
    key: string,
    now: number,
    windowMs: number = this.#options.stableWindowMs,
  ): DeploymentDemand | undefined {
    const page = this.#pages.get(key);
    if (page === undefined) return undefined;
    const reporters = [...page.reporters.values()].filter((reporter) => this.#isFresh(reporter, now));
    if (reporters.length === 0) return undefined;
    return {
      reporters,
      lastDemandAt: page.lastDemandAt,
      stableAverage: page.window.average(windowMs, now),
      burstAverage: page.window.average(Math.min(this.#options.burstWindowMs, windowMs), now),
      isSettled: page.window.isFull(windowMs, now),
    };
  }

  /** Returns the keys of the Deployments in a namespace that somebody has reported on. */
  keysIn(namespace: string): string[] {
    return [...this.#pages.keys()].filter((key) => key.startsWith(`${namespace}/`));
  }

  /** Drops reporters that fell silent, and Deployments without reporters; to be called now and then. */
  prune(now: number): void {
    for (const [key, page] of this.#pages) {
      for (const [id, reporter] of page.reporters) {
        if (!this.#isFresh(reporter, now)) page.reporters.delete(id);
      }
      if (page.reporters.size === 0) this.#pages.delete(key);
    }
  }

  #isFresh(reporter: Reporter, now: number): boolean {
    return now - reporter.lastAt <= this.#options.expiryMs;
  }

  /** A first report may cover more than a second (there was no leader to tell): counting starts with what it covers. */
  #pageOf(key: string, startedAt: number): Page {
    const known = this.#pages.get(key);
    if (known !== undefined) return known;
    const page: Page = {
      reporters: new Map(),
      window: new ConcurrencyWindow(this.#options.stableWindowMs, startedAt),
      lastDemandAt: undefined,
    };
    this.#pages.set(key, page);
    return page;
  }
}

/** Returns the name of a Deployment in the book. */
export const demandKey = (namespace: string, deployment: string): string => `${namespace}/${deployment}`;

/** By how much reports may come later or earlier than their interval says. */
const jitterMs = 500;

/** A report whose answer got lost is part of the next one: its time counts once. */
function newTime(intervalMs: number, known: Reporter | undefined, now: number): number {
  const sinceLast = known === undefined ? Infinity : now - known.lastAt;
  return intervalMs > sinceLast + jitterMs ? sinceLast : intervalMs;
}

/** Writes what a proxy saw before its report begins, from the newest stretch back. */
function addHistory(
  window: ConcurrencyWindow,
  { history = [] }: DemandEntry,
  endsAt: number,
  now: number,
): void {
  window.startAt(endsAt - history.reduce((sum, { durationMs }) => sum + durationMs, 0));
  let until = endsAt;
  for (const { averageConcurrency, durationMs } of history.toReversed()) {
    window.add(averageConcurrency, durationMs, now, until);
    until -= durationMs;
  }
}

// Requests finished since the last report count: a steady stream of short ones is never in flight when looked at.
const isDemand = (entry: DemandEntry): boolean =>
  entry.inFlight + entry.queued + entry.finished > 0 || entry.averageConcurrency > 0;
