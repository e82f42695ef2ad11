/** Owns remembering verdicts that somebody else gives: for a bounded time and number, each asked for once at a time. */
import { LRUCache } from 'lru-cache';
import type { Clock } from '../clock.ts';

/** A verdict, and how long it may be relied on. Times are monotonic milliseconds. */
export interface Ruling<Verdict> {
  readonly verdict: Verdict;
  /** From then on it holds no longer. */
  readonly until: number;
  /** From then on it is to be asked for again, so that it is known anew before it ends: whoever keeps it drops it then. */
  readonly freshUntil: number;
}

/** What the one who was asked says, and for how many milliseconds from the question on it holds; 0: only now. */
export interface Answer<Verdict> {
  readonly verdict: Verdict;
  readonly holdsMs: number;
}

export interface VerdictCacheOptions<Verdict> {
  /** Most verdicts of either kind. */
  readonly max: number;
  /** Most questions under way at one time; what is more is not asked, and ruled `overloaded`. */
  readonly maxAsked: number;
  readonly overloaded: Verdict;
  readonly clock: Clock;
  /** Whether the verdict is a no. Anybody can cause any number of those, so they have a place of their own. */
  readonly isRefusal: (verdict: Verdict) => boolean;
}

interface Remembered<Verdict> extends Ruling<Verdict> {
  freshUntil: number;
}

/** The last part of its life in which a verdict that is used is asked for again in the background. */
const renewalShare = 0.25;
/** Between two such questions on one verdict, while nobody can say. */
const renewalPauseMs = 500;

/**
 * A verdict holds from the moment at which the question was sent, so that whatever it rests on is never older than its
 * time. Questions (`ask`) must not reject: that nobody can say is a verdict as well, with a time of 0.
 */
export class VerdictCache<Verdict extends object | string> {
  readonly #options: VerdictCacheOptions<Verdict>;
  readonly #granted: LRUCache<string, Remembered<Verdict>>;
  readonly #refused: LRUCache<string, Remembered<Verdict>>;
  readonly #asked = new Map<string, Promise<Ruling<Verdict>>>();

  constructor(options: VerdictCacheOptions<Verdict>) {
    this.#options = options;
    this.#granted = new LRUCache({ max: options.max });
    this.#refused = new LRUCache({ max: options.max });
  }

  /** Returns the ruling on `key`: at once when it is remembered; else `ask`s, together with whoever else waits for it. */
  get(key: string, ask: () => Promise<Answer<Verdict>>): Ruling<Verdict> | Promise<Ruling<Verdict>> {
    const now = this.#options.clock.monotonic();
    const granted = this.#granted.get(key);
    if (granted !== undefined && granted.until > now) {
      if (granted.freshUntil <= now) this.#renew(key, granted, now, ask);
      return granted;
    }
    const refused = this.#refused.get(key);
    if (refused !== undefined && refused.until > now) return refused;
    return this.#ask(key, now, ask);
  }

  #renew(key: string, known: Remembered<Verdict>, now: number, ask: () => Promise<Answer<Verdict>>): void {
    known.freshUntil = now + renewalPauseMs;
    void this.#ask(key, now, ask);
  }

  #ask(
    key: string,
    now: number,
    ask: () => Promise<Answer<Verdict>>,
  ): Ruling<Verdict> | Promise<Ruling<Verdict>> {
    const asked = this.#asked.get(key);
    if (asked !== undefined) return asked;
    const { maxAsked, overloaded } = this.#options;
    if (this.#asked.size >= maxAsked) return { verdict: overloaded, until: now, freshUntil: now };
    const asking = ask()
      .then((answer) => this.#remember(key, now, answer))
      .finally(() => this.#asked.delete(key));
    this.#asked.set(key, asking);
    return asking;
  }

  #remember(key: string, askedAt: number, { verdict, holdsMs }: Answer<Verdict>): Ruling<Verdict> {
    const ruling = {
      verdict,
      until: askedAt + holdsMs,
      freshUntil: askedAt + holdsMs * (1 - renewalShare),
    };
    if (holdsMs <= 0) return ruling;
    const [place, other] = this.#options.isRefusal(verdict)
      ? [this.#refused, this.#granted]
      : [this.#granted, this.#refused];
    other.delete(key);
    place.set(key, ruling);
    return ruling;
  }
}
