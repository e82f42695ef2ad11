/** Owns what all counters have in common: whose share of the limit they give out, and when the leader is to hear of it. */
import type { CounterRule } from './limits.ts';
import type { PoolShare, SharedCounter } from './pool-share.ts';

export const minuteMs = 60_000;

/** Returns the number of the minute of the wall clock that `now` is in. */
export const minuteOf = (now: number): number => Math.floor(now / minuteMs);

/** A share that binds now may be another one as soon as the proxies have been heard, and told. */
const rebalancedWithinMs = 2_000;

/** Times are milliseconds since the epoch: the minutes of all proxies begin together. */
export abstract class Counter implements SharedCounter {
  readonly rule: CounterRule;
  readonly shareId: string;
  readonly limit: number;
  /** The limit as headers tell it. */
  readonly limitText: string;
  wanted = 0;
  /** The minute in which it was last asked; long ago, it can be forgotten. */
  lastMinute = 0;
  /** What this proxy may give out per minute. */
  protected allowed = 0;
  readonly #share: PoolShare;
  #version = -1;
  #isPressed = false;

  /** `label` names the endpoint. */
  constructor(rule: CounterRule, share: PoolShare, label: string) {
    this.rule = rule;
    this.limit = rule.limit;
    this.limitText = String(rule.limit);
    this.shareId = `${label} ${rule.id} ${rule.limit}/${rule.burst ?? 'minute'}`;
    this.#share = share;
  }

  /** The most that one request can reserve of it: who asks for more than there ever is waits for all of it. */
  get ceiling(): number {
    return this.rule.burst ?? this.limit;
  }

  /** Notes that `cost` is asked for, and returns whether it is there. Nothing is taken. */
  abstract hasRoom(cost: number, now: number): boolean;
  abstract take(cost: number, now: number): void;
  /** Corrects what was taken in `minute` by what it turned out to be. */
  abstract settle(taken: number, actual: number, minute: number, now: number): void;
  /** Returns how much this proxy can still give out at this time, in whole units. */
  abstract remaining(now: number): number;
  /** Returns the milliseconds after which nothing that was taken counts any more. */
  abstract msUntilReset(now: number): number;
  /** Returns the milliseconds after which it is worth to ask for `cost` again. */
  abstract msUntilRoom(cost: number, now: number): number;
  abstract reading(now: number): { readonly allowed: number; readonly used: number };

  /** Whether the leader may have told another share since the last time. */
  protected isOutdated(): boolean {
    return this.#version !== this.#share.version;
  }

  protected refresh(): void {
    this.#version = this.#share.version;
    this.allowed = this.#share.allowedOf(this);
    this.#isPressed = this.#share.pressed.has(this);
  }

  protected press(): void {
    if (this.#isPressed || this.#share.fraction >= 1) return;
    this.#isPressed = true;
    this.#share.pressed.add(this);
  }

  /** Returns `untilFreed`, or less where another share may come before. */
  protected untilRebalanced(untilFreed: number): number {
    if (this.allowed >= this.limit) return untilFreed;
    const isLeft = (this.#share.told.get(this.shareId)?.used ?? 0) < this.limit;
    return isLeft ? Math.min(untilFreed, rebalancedWithinMs) : untilFreed;
  }

  protected get raised(): PoolShare['raised'] {
    return this.#share.raised;
  }
}
