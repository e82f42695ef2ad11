/** Owns which Kubernetes Events are worth a write: repeats become a series, and one object cannot flood. Pure, clock passed. */

export type EventType = 'Normal' | 'Warning';

/** Names the object that an event is about, as the API wants it. */
export interface Regarding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  /** A part of the object: `spec.containers{model}`. */
  readonly fieldPath?: string | undefined;
}

export interface Occurrence {
  readonly type: EventType;
  /** Why, as one CamelCase word from a fixed set: `ScaledToZero`. */
  readonly reason: string;
  /** What was done or attempted, as one CamelCase word: `Scale`. */
  readonly action: string;
  /** For people. Cut at 1024 characters, the API's limit. */
  readonly note: string;
}

/** What to do with one occurrence. `count` is how often it has happened in its series, this one included. */
export type EventDecision =
  | { readonly do: 'create'; readonly series: SeriesKey }
  | { readonly do: 'count'; readonly series: SeriesKey; readonly count: number }
  | { readonly do: 'hold'; readonly series: SeriesKey; readonly count: number }
  | { readonly do: 'limit' };

export type SeriesKey = string;

/** The numbers of client-go where it has one: a series ends after 6 quiet minutes; 25 at once per object, then one in 5 minutes. */
export interface AggregationLimits {
  readonly seriesGapMs: number;
  /** A series is written at its second occurrence, and after that at most this often. */
  readonly writeEveryMs: number;
  readonly burstPerObject: number;
  readonly refillEveryMs: number;
}

const defaultAggregationLimits: AggregationLimits = {
  seriesGapMs: 6 * 60_000,
  writeEveryMs: 30_000,
  burstPerObject: 25,
  refillEveryMs: 5 * 60_000,
};

interface Series {
  count: number;
  lastAt: number;
  writtenAt: number;
}

interface Bucket {
  tokens: number;
  filledAt: number;
}

export interface EventAggregation {
  decide(regarding: Regarding, occurrence: Occurrence, now: number): EventDecision;
  /** Forgets a series, so that its next occurrence creates an event: the API no longer has the old one. */
  forget(series: SeriesKey): void;
}

/** Returns the aggregation state of one recorder; `now` is monotonic milliseconds. */
export function makeEventAggregation(limits: AggregationLimits = defaultAggregationLimits): EventAggregation {
  const seriesByKey = new Map<SeriesKey, Series>();
  const buckets = new Map<string, Bucket>();

  const allows = (object: string, now: number): boolean => {
    const bucket = buckets.get(object) ?? { tokens: limits.burstPerObject, filledAt: now };
    const gained = (now - bucket.filledAt) / limits.refillEveryMs;
    bucket.tokens = Math.min(limits.burstPerObject, bucket.tokens + gained);
    bucket.filledAt = now;
    // Last in the map again, so that the sweep meets the oldest first.
    buckets.delete(object);
    buckets.set(object, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  };
  const sweep = (now: number): void => {
    for (const [key, series] of seriesByKey) {
      if (now - series.lastAt <= limits.seriesGapMs) break;
      seriesByKey.delete(key);
    }
    const fullAfterMs = limits.burstPerObject * limits.refillEveryMs;
    for (const [object, bucket] of buckets) {
      if (now - bucket.filledAt <= fullAfterMs) break;
      buckets.delete(object);
    }
  };
  return {
    decide: (regarding, occurrence, now) => {
      sweep(now);
      const object = JSON.stringify([regarding.kind, regarding.namespace, regarding.name, regarding.uid]);
      const key = JSON.stringify([
        object,
        occurrence.type,
        occurrence.reason,
        occurrence.action,
        occurrence.note,
      ]);
      const series = seriesByKey.get(key);
      if (series === undefined) {
        if (!allows(object, now)) return { do: 'limit' };
        seriesByKey.set(key, { count: 1, lastAt: now, writtenAt: Number.NEGATIVE_INFINITY });
        return { do: 'create', series: key };
      }
      series.count += 1;
      series.lastAt = now;
      // Last in the map again, so that the sweep meets the quiet ones first.
      seriesByKey.delete(key);
      seriesByKey.set(key, series);
      if (now - series.writtenAt < limits.writeEveryMs)
        return { do: 'hold', series: key, count: series.count };
      series.writtenAt = now;
      return { do: 'count', series: key, count: series.count };
    },
    forget: (key) => {
      seriesByKey.delete(key);
    },
  };
}
