/** Owns the part of the limits that one proxy may give out by itself, as the operator's leader has last told it. */

/** What a proxy takes of every limit before the leader has told it anything. */
const usualCaution = 0.1;

/** What the leader tells of one counter that is in demand. */
export interface ToldShare {
  readonly limit: number;
  /** Per minute, for this proxy. */
  readonly allowed: number;
  /** What all proxies together have used of it in this minute, by their last reports. */
  readonly used: number;
}

/** A counter as the reports see it. */
export interface SharedCounter {
  /** The same at every proxy, and another one where the limit is another. */
  readonly shareId: string;
  readonly limit: number;
  /** Asked of it since the last report, admitted or not. */
  wanted: number;
  /** Takes over what has been told, and returns how much it may give out per minute, and has given out in this one. */
  reading(now: number): { readonly allowed: number; readonly used: number };
}

/**
 * The share that one proxy has of the limits of a pool. Several proxies that apply the same limits are a pool: the
 * gateways, or for a route-optimised endpoint the gateways and its sidecars.
 */
export class PoolShare {
  /** Grows with each change, so that counters notice it by one comparison. */
  version = 0;
  /** By their `shareId`. */
  readonly counters = new Map<string, SharedCounter>();
  /** Those whose share may soon be too small: the leader is to hear of them. */
  readonly pressed = new Set<SharedCounter>();
  /** When the fraction last grew, in milliseconds since the epoch, and from what. */
  raised = { at: Number.NEGATIVE_INFINITY, from: 0 };
  /** Whether it has ever had all of its part. */
  wasFair = false;
  readonly #caution: number;
  #fraction: number | undefined;
  #told: ReadonlyMap<string, ToldShare> = new Map();

  /** `fraction` is undefined until the leader tells it; `caution` is what counts until then. */
  constructor(fraction?: number, caution = usualCaution) {
    this.#fraction = fraction;
    this.#caution = caution;
  }

  /** Whether the leader has told it. */
  get isTold(): boolean {
    return this.#fraction !== undefined;
  }

  /** The part of every limit that nothing more particular is told of, 0 to 1. */
  get fraction(): number {
    return this.#fraction ?? this.#caution;
  }

  /** Counters that the leader has told of, whether this proxy has used them or not. */
  get told(): ReadonlyMap<string, ToldShare> {
    return this.#told;
  }

  /** Takes over what the leader tells; what it no longer speaks of has the pool's part again. */
  take(fraction: number, told: ReadonlyMap<string, ToldShare>, now: number): void {
    const before = this.fraction;
    if (fraction > before) this.raised = { at: now, from: before };
    this.#fraction = fraction;
    this.#told = told;
    this.version += 1;
    // The leader has heard of them; where the share is still too small they press again.
    this.pressed.clear();
    if (fraction < before) this.#pressOverdrawn(now);
  }

  /** What has been given out of a part that was greater is not there to be given to others: they are to hear of it. */
  #pressOverdrawn(now: number): void {
    for (const counter of this.counters.values()) {
      if (counter.reading(now).used > this.allowedOf(counter)) this.pressed.add(counter);
    }
  }

  /** Returns how much of a limit this proxy may give out per minute. */
  allowedOf({ shareId, limit }: Pick<SharedCounter, 'shareId' | 'limit'>): number {
    const told = this.#told.get(shareId);
    if (told !== undefined) return told.allowed;
    const part = partOf(limit, this.fraction);
    // A small limit would shut out everybody until the leader has spoken.
    return this.#fraction === undefined ? Math.max(1, part) : part;
  }
}

/** Returns a part of a limit in whole calls or tokens; proxies and leader have to compute the same. */
export const partOf = (limit: number, fraction: number): number => Math.floor(limit * fraction + 1e-6);
