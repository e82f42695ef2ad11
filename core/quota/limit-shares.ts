/** Owns what one proxy holds of the limits that it shares with others, pool by pool: what it reports, what it is told. */
import { PoolShare } from './pool-share.ts';
import type { SharedCounter, ToldShare } from './pool-share.ts';
import { longestSharedId, maxSharedCounters } from './share-report.ts';
import type { CounterReport, PoolReport, ShareAnswer, ShareReport } from './share-report.ts';

export class LimitShares {
  readonly #caution: number | undefined;
  readonly #pools = new Map<string, PoolShare>();

  /** `caution` is the part of every limit that counts until the leader has told one. */
  constructor(caution?: number) {
    this.#caution = caution;
  }

  /** Whether it has had its part of every pool. */
  get isComplete(): boolean {
    return [...this.#pools.values()].every((pool) => pool.wasFair);
  }

  poolOf(name: string): PoolShare {
    const known = this.#pools.get(name);
    if (known !== undefined) return known;
    const pool = new PoolShare(undefined, this.#caution);
    this.#pools.set(name, pool);
    return pool;
  }

  /** Leaves the pools that `inUse` does not name. */
  retainOnly(inUse: ReadonlySet<string>): void {
    for (const name of this.#pools.keys()) if (!inUse.has(name)) this.#pools.delete(name);
  }

  /** Returns what there is to report; undefined where nothing is shared. `leaving`: nothing more is given out. */
  report(now: number, leaving = false): ShareReport | undefined {
    if (this.#pools.size === 0) return undefined;
    const pools = [...this.#pools].flatMap(([name, pool]): PoolReport[] => {
      const counters = leaving
        ? usedCounters(pool, now)
        : [...toldCounters(pool, now), ...newCounters(pool, now)];
      // Whoever cannot tell all that was used is better taken to have used everything.
      if (leaving && counters.length > maxSharedCounters) return [];
      const { fraction, isTold } = pool;
      return [{ pool: name, fraction, isTold, counters: counters.slice(0, maxSharedCounters) }];
    });
    return { leaving, pools };
  }

  /** Takes over what the leader tells. */
  take(answer: ShareAnswer, now: number): void {
    for (const { pool: name, fraction, isFair, counters } of answer.pools) {
      const told = new Map(counters.map(({ id, ...share }) => [id, share]));
      const pool = this.#pools.get(name);
      if (pool === undefined) continue;
      pool.take(fraction, told, now);
      pool.wasFair ||= isFair;
    }
  }
}

function toldCounters(pool: PoolShare, now: number): CounterReport[] {
  return [...pool.told].map(([id, told]) => {
    const counter = pool.counters.get(id);
    return counter === undefined ? untouched(id, told) : reportOf(counter, now);
  });
}

const untouched = (id: string, { limit, allowed }: ToldShare): CounterReport => ({
  ...{ id, limit, allowed },
  used: 0,
  wanted: 0,
});

/** Those that are pressed and that the leader has not told of yet, most wanted first. */
function newCounters(pool: PoolShare, now: number): CounterReport[] {
  return [...pool.pressed]
    .filter((counter) => !pool.told.has(counter.shareId) && isNameable(counter))
    .map((counter) => reportOf(counter, now))
    .sort((one, other) => other.wanted - one.wanted);
}

function usedCounters(pool: PoolShare, now: number): CounterReport[] {
  return [...pool.counters.values()]
    .filter(isNameable)
    .map((counter) => reportOf(counter, now))
    .filter(({ used }) => used > 0);
}

const isNameable = ({ shareId }: SharedCounter): boolean => shareId.length <= longestSharedId;

function reportOf(counter: SharedCounter, now: number): CounterReport {
  const { shareId: id, limit, wanted } = counter;
  counter.wanted = 0;
  return { id, limit, ...counter.reading(now), wanted };
}
