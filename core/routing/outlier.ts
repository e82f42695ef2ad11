/** Owns which replica is taken out of traffic for its failures, for how long, and that enough of them stay. */

export interface OutlierRules {
  /** Failures in a row after which a replica is taken out; 0: never. */
  readonly failures: number;
  /** Time out for the first time, in milliseconds; it doubles with each repetition. */
  readonly baseMs: number;
  /** Most of the replicas that may be out at one time; never all, whatever this says. */
  readonly maxPercent: number;
}

/** What is remembered of one replica; kept on the replica itself, because every answer touches it. */
export interface OutlierRecord {
  /** Failures since its last good answer. */
  failures: number;
  /** Number of the last good answer of all when those began; on trial, when it came back. */
  failingSince: number;
  /** It has come back and not answered well yet. */
  isOnTrial: boolean;
  /** Number of its last good answer; 0: none yet. */
  lastGood: number;
  /** How often it was taken out, until it has been good for long. */
  repeats: number;
  /** When it came back the last time; monotonic milliseconds. */
  backSince: number;
  isOut: boolean;
}

/** Returns the record of a replica of which nothing is known. */
export const makeOutlierRecord = (): OutlierRecord => ({
  failures: 0,
  failingSince: 0,
  isOnTrial: false,
  lastGood: 0,
  repeats: 0,
  backSince: 0,
  isOut: false,
});

export const longestOutMs = 300_000;

/** So many times its longest time out a replica has to be good for its past to be forgotten. */
const forgivenAfter = 2;

/** Notes a good answer, the `number`th of all. */
export function noteGood(record: OutlierRecord, number: number): void {
  record.failures = 0;
  record.isOnTrial = false;
  record.lastGood = number;
}

/** Notes a failure; `number` is that of the last good answer of all. */
export function noteBad(record: OutlierRecord, number: number): void {
  if (record.failures === 0 && !record.isOnTrial) record.failingSince = number;
  record.failures += 1;
}

/**
 * Returns whether `record` is to be taken out of `all`, which it is one of. Only who fails while others do not is an
 * outlier: where nobody has answered well since its failures began, the requests or the model are to blame, and taking
 * replicas out would make it worse. A replica on trial needs one failure.
 */
export function isOutlier(
  record: OutlierRecord,
  all: readonly OutlierRecord[],
  rules: OutlierRules,
): boolean {
  const { failures } = rules;
  if (failures === 0 || record.isOut) return false;
  if (record.failures < (record.isOnTrial ? 1 : failures)) return false;
  const out = all.filter(({ isOut }) => isOut).length;
  if (out + 1 > mostOut(all.length, rules)) return false;
  return all.some((other) => other !== record && other.lastGood > record.failingSince);
}

/** Returns how many of `count` replicas may be out. */
export const mostOut = (count: number, { maxPercent }: OutlierRules): number =>
  Math.max(0, Math.min(Math.floor((count * maxPercent) / 100), count - 1));

/** Takes the replica out, or leaves it out for another while; returns for how long, in milliseconds. */
export function takeOut(record: OutlierRecord, { baseMs }: OutlierRules, now: number): number {
  const goodMs = record.isOut ? 0 : now - record.backSince;
  if (goodMs > forgivenAfter * timeOut(baseMs, record.repeats)) record.repeats = 0;
  record.repeats += 1;
  record.isOut = true;
  return timeOut(baseMs, record.repeats);
}

/** Lets it back in, on trial; `number` is that of the last good answer of all. */
export function letIn(record: OutlierRecord, number: number, now: number): void {
  record.isOut = false;
  record.failures = 0;
  record.failingSince = number;
  record.isOnTrial = true;
  record.backSince = now;
}

const timeOut = (baseMs: number, repeats: number): number =>
  Math.min(longestOutMs, baseMs * 2 ** Math.max(0, repeats - 1));
