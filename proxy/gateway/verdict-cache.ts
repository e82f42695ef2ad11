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
}

export class VerdictCache<Verdict extends object | string> {
  readonly #options: VerdictCacheOptions<Verdict>;
  readonly #known: LRUCache<string, Remembered<Verdict>>;
  readonly #asked = new Map<string, Promise<Verdict>>();

  constructor(options: VerdictCacheOptions<Verdict>) {
    this.#options = options;
    this.#known = new LRUCache({ max: options.max });
  }

  /** Returns the verdict on `key`: at once when it is remembered; else `ask`s, together with whoever else waits for it. */
  get(key: string, ask: () => Promise<Verdict>): Verdict | Promise<Verdict> {
    const { clock } = this.#options;
    const known = this.#known.get(key);
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
    const ttlMs = this.#options.ttlMs(verdict);
    if (ttlMs > 0) this.#known.set(key, { verdict, until: this.#options.clock.monotonic() + ttlMs });
    return verdict;
  }
}
