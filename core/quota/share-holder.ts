/** Owns what the leader knows of one proxy in one pool: what it holds of the limits, and what it has been told. */
import { partOf } from './pool-share.ts';
import type { CounterReport, PoolReport } from './share-report.ts';

/** What it may be giving out: what it holds by its last report, or what it has been told since, whichever is more. */
interface Holding {
  held: number;
  told: number;
}

interface CounterHolding extends Holding {
  used: number;
  demand: number;
}

/** How much demand counts that was reported before: it does not vanish in one quiet second. */
const memory = 0.7;
const negligible = 0.5;

export class ShareHolder {
  /** Name of the pod: a new process in it takes the place of the one before. */
  readonly reporter: string;
  /** Monotonic milliseconds of its last report. */
  lastAt = 0;
  /** Whether it has its part from a leader. */
  isTold = false;
  /** It gives out no more; what it has given out counts until this time (since the epoch). */
  goneUntil: number | undefined;
  readonly #fraction: Holding = { held: 0, told: 0 };
  readonly #counters = new Map<string, CounterHolding>();

  constructor(reporter: string) {
    this.reporter = reporter;
  }

  /** The part of every limit that it may be giving out. */
  get fraction(): number {
    return Math.max(this.#fraction.held, this.#fraction.told);
  }

  /** Takes over what it says that it holds; `others` are counters that others have reported, with their limits. */
  report(report: PoolReport, others: ReadonlyMap<string, number>): void {
    this.#fraction.held = report.fraction;
    this.isTold = report.isTold;
    // What it was told has arrived, or never will: it says itself what it holds now.
    this.#fraction.told = 0;
    const named = new Map(report.counters.map((counter) => [counter.id, counter]));
    for (const [id, limit] of others) this.#note(id, limit, named.get(id));
    for (const counter of report.counters) {
      if (!others.has(counter.id)) this.#note(counter.id, counter.limit, counter);
    }
  }

  /** It gives out no more: it holds what it has used, and nothing of what it does not name. */
  leave(report: PoolReport): void {
    this.#fraction.held = 0;
    this.#fraction.told = 0;
    this.#counters.clear();
    for (const { id, used } of report.counters) {
      this.#counters.set(id, { held: used, told: 0, used, demand: 0 });
    }
  }

  /** It is not known itself, only what it holds: that part, and of these counters as much. */
  assume(fraction: number, counters: ReadonlyMap<string, number>): void {
    this.#fraction.held = fraction;
    for (const [id, held] of counters) this.#counters.set(id, { held, told: 0, used: 0, demand: 0 });
  }

  /** It is silent: all that it may have given out counts, and it asks for nothing. */
  fallSilent(): void {
    for (const holding of this.#counters.values()) holding.demand = 0;
  }

  tellFraction(fraction: number): void {
    this.#fraction.told = fraction;
  }

  /** Returns what it may be giving out of a counter. */
  holds(id: string, limit: number): number {
    const holding = this.#counters.get(id);
    return holding === undefined ? partOf(limit, this.fraction) : Math.max(holding.held, holding.told);
  }

  /** Returns what it has used of a counter in this minute, and what it is asked for. */
  partOf(id: string): { readonly used: number; readonly demand: number } {
    return this.#counters.get(id) ?? { used: 0, demand: 0 };
  }

  tell(id: string, allowed: number): void {
    const holding = this.#counters.get(id);
    if (holding !== undefined) holding.told = allowed;
  }

  forget(id: string): void {
    this.#counters.delete(id);
  }

  #note(id: string, limit: number, report: CounterReport | undefined): void {
    const before = this.#counters.get(id)?.demand ?? 0;
    const wanted = report?.wanted ?? 0;
    const demand = Math.max(wanted, before * memory);
    this.#counters.set(id, {
      // What it does not name is neither in demand there, nor has it been told of: it has the pool's part.
      held: report?.allowed ?? partOf(limit, this.fraction),
      told: 0,
      used: report?.used ?? 0,
      demand: demand < negligible ? 0 : demand,
    });
  }
}
