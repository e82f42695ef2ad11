/** Owns remembering verdicts of the API server: for a bounded time and number, each asked for only once at a time. */
import { LRUCache } from 'lru-cache';
import type { Clock } from '../../platform/clock.ts';

interface Remembered<Verdict> {
  readonly verdict: Verdict;
  /** Monotonic milliseconds. */
  readonly until: number;
}

export interface VerdictCacheOptions<Verdict> {
  readonly max: number;
  readonly clock: Clock;
  /** How long a verdict holds, in milliseconds; 0: it is not remembered. */
  readonly ttlMs: (verdict: Verdict) => number;
  /** Whether the verdict is a no. Anybody can cause any number of those, so they have a place of their own. */
  readonly isRefusal: (verdict: Verdict) => boolean;
}

export class VerdictCache<Verdict extends object | string> {
  readonly #options: VerdictCacheOptions<Verdict>;
  readonly #granted: LRUCache<string, Remembered<Verdict>>;
  readonly #refused: LRUCache<string, Remembered<Verdict>>;
  readonly #asked = new Map<string, Promise<Verdict>>();

  constructor(options: VerdictCacheOptions<Verdict>) {
    this.#options = options;
    this.#granted = new LRUCache({ max: options.max });
    this.#refused = new LRUCache({ max: options.max });
  }

  /** Returns the verdict on `key`: at once when it is remembered; else `ask`s, together with whoever else waits for it. */
  get(key: string, ask: () => Promise<Verdict>): Verdict | Promise<Verdict> {
    const { clock } = this.#options;
    const known = this.#granted.get(key) ?? this.#refused.get(key);
    if (known !== undefined && known.until > clock.monotonic()) return known.verdict;
    const asked = this.#asked.get(key);
    if (asked !== undefined) return asked;
    const asking = ask()
      .then((verdict) => this.#remember(key, verdict))
      .finally(() => this.#asked.delete(key));
    this.#asked.set(key, asking);
    return asking;
  }

  #remember(key: string, verdict: Verdict): Verdict {
    const { clock, ttlMs, isRefusal } = this.#options;
    const forMs = ttlMs(verdict);
    if (forMs <= 0) return verdict;
    const [place, other] = isRefusal(verdict)
      ? [this.#refused, this.#granted]
      : [this.#granted, this.#refused];
    other.delete(key);
    place.set(key, { verdict, until: clock.monotonic() + forMs });
    return verdict;
  }
}
