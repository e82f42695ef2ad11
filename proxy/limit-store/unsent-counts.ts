/** Owns what was counted while the store was away, until it is back or it no longer matters. */
import { minuteOf } from '../../core/quota/counter.ts';
import type { CounterRule } from '../../core/quota/limits.ts';

export interface UnsentCount {
  readonly label: string;
  readonly rule: CounterRule;
  readonly minute: number;
  amount: number;
}

/** Beyond it nothing more is remembered: a store that comes back then begins a little too full of room. */
const maxCounts = 10_000;

export class UnsentCounts {
  readonly #counts = new Map<string, UnsentCount>();

  /** Notes `amount` of a minute; what minutes before left behind is dropped. */
  note(label: string, rule: CounterRule, amount: number, minute: number): void {
    const key = `${label} ${rule.id}`;
    const known = this.#counts.get(key);
    if (known?.minute === minute) known.amount += amount;
    else if (known !== undefined || this.#counts.size < maxCounts) {
      this.#counts.set(key, { label, rule, amount, minute });
    }
  }

  /** Returns and forgets what still matters at `now` (milliseconds since the epoch). */
  takeAll(now: number): UnsentCount[] {
    const counts = [...this.#counts.values()];
    this.#counts.clear();
    return counts.filter(({ minute }) => minute === minuteOf(now));
  }
}
