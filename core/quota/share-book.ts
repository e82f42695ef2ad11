/**
 * Owns the leader's book of the limits that proxies share: who holds how much of them, so that together they never hold
 * more than there is. What one of them gets another has given up before, by its own word.
 */
import { minuteMs, minuteOf } from './counter.ts';
import { planShares } from './plan-shares.ts';
import { partOf } from './pool-share.ts';
import { ShareHolder } from './share-holder.ts';
import { maxSharedCounters } from './share-report.ts';
import type { PoolAnswer, PoolReport, ShareAnswer, ShareReport } from './share-report.ts';

export interface ShareBookOptions {
  /** How long a pool is only listened to: whoever holds something of it has reported by then. */
  readonly graceMs: number;
  /** Silence after which a proxy is taken to be gone. */
  readonly expiryMs: number;
}

export interface ReportTimes {
  readonly monotonic: number;
  /** Since the epoch. */
  readonly wall: number;
}

interface Pool {
  readonly since: number;
  /** Whether shares are told already. */
  isOpen: boolean;
  /** By process. */
  readonly holders: Map<string, ShareHolder>;
  /** Counters in demand, with their limits. */
  readonly counters: Map<string, number>;
}

/** A proxy may always give out a little, all of them together this part: whoever is new is not shut out. */
const leastFraction = 0.02;
/** Clocks of proxies may differ by as much; what one used in a minute is not given out again before. */
const clockMarginMs = 2_000;

export class ShareBook {
  readonly #options: ShareBookOptions;
  readonly #pools = new Map<string, Pool>();
  #prunedAt = 0;

  constructor(options: ShareBookOptions) {
    this.#options = options;
  }

  /**
   * Takes over what a proxy reports, and returns what it may give out from now on. `id` is that of its process,
   * `reporter` the name of its pod.
   */
  record(
    report: ShareReport,
    proxy: { readonly id: string; readonly reporter: string },
    at: ReportTimes,
  ): ShareAnswer {
    if (at.monotonic - this.#prunedAt > this.#options.expiryMs) this.#prune(at);
    const pools = report.pools.flatMap((part) => {
      const pool = this.#poolOf(part.pool, at.monotonic);
      this.#lookAround(pool, at);
      const holder = holderOf(pool, proxy, at);
      holder.lastAt = at.monotonic;
      if (report.leaving) {
        takeLeave(pool, holder, part, at);
        return [];
      }
      for (const { id, limit } of part.counters) {
        if (pool.counters.size < maxSharedCounters) pool.counters.set(id, limit);
      }
      holder.report(part, pool.counters);
      if (at.monotonic < pool.since + this.#options.graceMs) return [];
      if (!pool.isOpen) open(pool, at);
      return [answerOf(pool, holder, part.pool)];
    });
    return { pools };
  }

  /** Returns how many proxies share the limits of a pool. */
  sizeOf(pool: string): number {
    return this.#pools.get(pool)?.holders.size ?? 0;
  }

  /** Forgets pools that nobody reports on any more. */
  #prune(at: ReportTimes): void {
    this.#prunedAt = at.monotonic;
    for (const [name, pool] of this.#pools) {
      this.#lookAround(pool, at);
      if (pool.holders.size === 0) this.#pools.delete(name);
    }
  }

  #poolOf(name: string, now: number): Pool {
    const known = this.#pools.get(name);
    if (known !== undefined) return known;
    const pool: Pool = { since: now, isOpen: false, holders: new Map(), counters: new Map() };
    this.#pools.set(name, pool);
    return pool;
  }

  /** Who has fallen silent is gone with the minute; and who is gone leaves nothing behind once that is over. */
  #lookAround(pool: Pool, at: ReportTimes): void {
    for (const [id, holder] of pool.holders) {
      if (holder.goneUntil === undefined && at.monotonic - holder.lastAt > this.#options.expiryMs) {
        holder.fallSilent();
        holder.goneUntil = endOfMinute(at.wall);
      }
      if (holder.goneUntil !== undefined && at.wall >= holder.goneUntil) pool.holders.delete(id);
    }
  }
}

const endOfMinute = (wall: number): number => (minuteOf(wall) + 1) * minuteMs + clockMarginMs;

function holderOf(
  pool: Pool,
  { id, reporter }: { readonly id: string; readonly reporter: string },
  { wall }: ReportTimes,
): ShareHolder {
  const known = pool.holders.get(id);
  if (known !== undefined) {
    known.goneUntil = undefined;
    return known;
  }
  for (const other of pool.holders.values()) {
    if (other.reporter !== reporter || other.goneUntil !== undefined) continue;
    other.fallSilent();
    other.goneUntil = endOfMinute(wall);
  }
  const holder = new ShareHolder(reporter);
  pool.holders.set(id, holder);
  return holder;
}

/** What it has used is taken from what the others may still give out in this minute; the rest is free at once. */
function takeLeave(pool: Pool, holder: ShareHolder, report: PoolReport, { wall }: ReportTimes): void {
  holder.leave(report);
  holder.goneUntil = endOfMinute(wall);
  for (const { id, limit, used } of report.counters) if (used > 0) pool.counters.set(id, limit);
}

/**
 * What holders were told by another leader, and nobody has reported here, belongs to proxies that nobody knows any more:
 * they may have given it out in this minute.
 */
function open(pool: Pool, { wall }: ReportTimes): void {
  pool.isOpen = true;
  const holders = [...pool.holders.values()];
  if (!holders.some(({ isTold }) => isTold)) return;
  const unknown = new ShareHolder('');
  const left = (whole: number, of: (holder: ShareHolder) => number): number =>
    Math.max(0, whole - holders.reduce((sum, holder) => sum + of(holder), 0));
  unknown.assume(
    left(1, (holder) => holder.fraction),
    new Map([...pool.counters].map(([id, limit]) => [id, left(limit, (holder) => holder.holds(id, limit))])),
  );
  unknown.goneUntil = endOfMinute(wall);
  pool.holders.set('', unknown);
}

function answerOf(pool: Pool, holder: ShareHolder, name: string): PoolAnswer {
  const holders = [...pool.holders.values()];
  const others = holders.filter((other) => other !== holder);
  const fair = 1 / holders.filter((other) => other === holder || other.fraction > 0 || isHere(other)).length;
  const free = 1 - others.reduce((sum, other) => sum + other.fraction, 0);
  const least = leastFraction / holders.filter(isHere).length;
  const fraction = Math.max(least, Math.min(fair, free));
  holder.tellFraction(fraction);
  const counters: PoolAnswer['counters'] = [];
  for (const [id, limit] of pool.counters) {
    if (isForgettable(id, limit, holders)) {
      pool.counters.delete(id);
      for (const each of holders) each.forget(id);
      continue;
    }
    const allowed = allowedOf(holder, { id, limit, least, fraction, holders, others });
    holder.tell(id, allowed);
    counters.push({ id, limit, allowed, used: holders.reduce((sum, each) => sum + each.partOf(id).used, 0) });
  }
  return { pool: name, fraction, isFair: fraction >= fair, counters };
}

const isHere = (holder: ShareHolder): boolean => holder.goneUntil === undefined;

/** Nobody asks for it, and everybody has of it what they would have without being told. */
const isForgettable = (id: string, limit: number, holders: readonly ShareHolder[]): boolean =>
  holders.every(
    (each) =>
      isHere(each) && each.partOf(id).demand === 0 && each.holds(id, limit) === partOf(limit, each.fraction),
  );

interface Division {
  readonly id: string;
  readonly limit: number;
  readonly least: number;
  readonly fraction: number;
  readonly holders: readonly ShareHolder[];
  readonly others: readonly ShareHolder[];
}

/** Returns what `holder` is to have, as far as the others have given it up, and no less than it has used. */
function allowedOf(holder: ShareHolder, division: Division): number {
  const { id, limit, least, others } = division;
  const free = limit - others.reduce((sum, other) => sum + other.holds(id, limit), 0);
  const { used } = holder.partOf(id);
  return Math.max(used, partOf(limit, least), Math.min(targetOf(holder, division), free));
}

function targetOf(holder: ShareHolder, { id, limit, fraction, holders }: Division): number {
  const here = holders.filter(isHere);
  const parts = here.map((each) => each.partOf(id));
  const gone = holders.filter((each) => !isHere(each)).reduce((sum, each) => sum + each.holds(id, limit), 0);
  if (gone === 0 && parts.every(({ demand }) => demand === 0)) return partOf(limit, fraction);
  return planShares(limit - gone, parts)[here.indexOf(holder)] ?? 0;
}
