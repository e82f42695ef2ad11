/** Owns the counters of one endpoint at one proxy, and which of them bind a caller; what is not used is forgotten. */
import type { RateLimit } from '../../crds/schema/governance.ts';
import { CallerQuota } from './caller-quota.ts';
import type { TokenReservation } from './caller-quota.ts';
import { minuteOf } from './counter.ts';
import type { Counter } from './counter.ts';
import { bindingRules } from './limits.ts';
import type { CounterRule, LimitedCaller } from './limits.ts';
import { MinuteCounter } from './minute-counter.ts';
import { PoolShare } from './pool-share.ts';
import { SmoothedCounter } from './smoothed-counter.ts';
import { TokenEstimate } from './token-estimate.ts';

export interface EndpointQuotaOptions {
  readonly limits: readonly RateLimit[];
  /** `namespace/name`. */
  readonly label: string;
  /** What this proxy may give out; by default everything, where there is no other. */
  readonly share?: PoolShare;
}

export class EndpointQuota {
  readonly label: string;
  readonly tokens = new TokenEstimate();
  readonly #limits: readonly RateLimit[];
  readonly #share: PoolShare;
  readonly #callers = new Map<string, CallerQuota>();
  readonly #counters = new Map<string, Counter>();
  #minute = -1;

  constructor({ limits, label, share = new PoolShare(1) }: EndpointQuotaOptions) {
    this.#limits = limits;
    this.#share = share;
    this.label = label;
  }

  /** Returns the counters that bind `caller`. `now` is in milliseconds since the epoch. */
  of(caller: LimitedCaller, now: number): CallerQuota {
    const minute = minuteOf(now);
    if (minute !== this.#minute) this.#startMinute(minute);
    let known = this.#callers.get(caller.principal);
    // Two tokens of one user may differ in their groups.
    if (known === undefined || !isSameList(known.groups, caller.groups)) {
      known = this.#makeCallerQuota(caller);
      this.#callers.set(caller.principal, known);
    }
    known.lastMinute = minute;
    return known;
  }

  /** Puts right what was taken for a request that has used `actual` tokens. */
  settle({ counters, minute }: TokenReservation, actual: number, now: number): void {
    for (const [counter, taken] of counters) {
      this.#keep(counter);
      counter.settle(taken, actual, minute, now);
    }
  }

  /** Ends its part in reports; to be called when the limits of the endpoint have changed, or it is gone. */
  stop(): void {
    for (const counter of this.#counters.values()) this.#forget(counter);
  }

  #makeCallerQuota(caller: LimitedCaller): CallerQuota {
    const { all, anyOf } = bindingRules(this.#limits, caller);
    const counterOf = (rule: CounterRule): Counter => this.#counterOf(rule);
    return new CallerQuota(
      caller.groups,
      all.map(counterOf),
      anyOf.map((set) => set.map(counterOf)),
    );
  }

  #counterOf(rule: CounterRule): Counter {
    const known = this.#counters.get(rule.id);
    if (known !== undefined) return known;
    const Kind = rule.burst === undefined ? MinuteCounter : SmoothedCounter;
    const counter = new Kind(rule, this.#share, this.label);
    this.#keep(counter);
    return counter;
  }

  /** What was taken long ago is settled in what may have been forgotten meanwhile. */
  #keep(counter: Counter): void {
    if (this.#counters.has(counter.rule.id)) return;
    this.#counters.set(counter.rule.id, counter);
    this.#share.counters.set(counter.shareId, counter);
  }

  #forget(counter: Counter): void {
    this.#counters.delete(counter.rule.id);
    if (this.#share.counters.get(counter.shareId) !== counter) return;
    this.#share.counters.delete(counter.shareId);
    this.#share.pressed.delete(counter);
  }

  /** Forgets those who were not here in the last minute: nothing that they used counts any more. */
  #startMinute(minute: number): void {
    this.#minute = minute;
    const inUse = new Set<Counter>();
    for (const [principal, caller] of this.#callers) {
      if (caller.lastMinute < minute - 1) this.#callers.delete(principal);
      else for (const counter of caller.counters) inUse.add(counter);
    }
    for (const counter of this.#counters.values()) {
      if (!inUse.has(counter) && counter.lastMinute < minute - 1) this.#forget(counter);
    }
  }
}

const isSameList = (one: readonly string[], other: readonly string[]): boolean =>
  one === other || (one.length === other.length && one.every((entry, index) => entry === other[index]));
