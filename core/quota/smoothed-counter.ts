/**
 * Owns counting without windows: what is granted trickles in evenly, up to one burst (GCRA, told as a bucket). In no
 * minute, whenever it begins, more than the limit and one burst is given out.
 */
import { Counter, minuteMs, minuteOf } from './counter.ts';

export class SmoothedCounter extends Counter {
  #level = 0;
  #at = Number.NaN;

  hasRoom(cost: number, now: number): boolean {
    this.#catchUp(now);
    this.wanted += cost;
    const capacity = this.#capacity;
    if ((this.#level - cost) * 2 < capacity) this.press();
    // The share of a burst may be less than one request needs; what it takes beyond is waited for afterwards.
    return this.#level >= Math.min(cost, capacity);
  }

  take(cost: number, now: number): void {
    this.#catchUp(now);
    this.#level -= cost;
  }

  settle(taken: number, actual: number, _minute: number, now: number): void {
    this.#catchUp(now);
    this.#level = Math.min(this.#capacity, this.#level + taken - actual);
  }

  remaining(now: number): number {
    this.#catchUp(now);
    return Math.max(0, Math.floor(this.#level));
  }

  msUntilReset(now: number): number {
    this.#catchUp(now);
    return this.#msFor(this.#capacity - this.#level);
  }

  msUntilRoom(cost: number, now: number): number {
    this.#catchUp(now);
    return this.untilRebalanced(this.#msFor(Math.min(cost, this.#capacity) - this.#level));
  }

  reading(now: number): { allowed: number; used: number } {
    this.#catchUp(now);
    // Nothing of the past binds what trickles in from now on: all of it can be given to others.
    return { allowed: this.allowed, used: 0 };
  }

  get #capacity(): number {
    return this.#capacityOf(this.allowed);
  }

  #capacityOf(allowed: number): number {
    return Math.max(1, ((this.rule.burst ?? this.limit) * allowed) / Math.max(1, this.limit));
  }

  /** Returns how long it takes until so much has trickled in. */
  #msFor(amount: number): number {
    if (amount <= 0) return 0;
    return this.allowed === 0 ? minuteMs : (amount * minuteMs) / this.allowed;
  }

  #catchUp(now: number): void {
    if (Number.isNaN(this.#at)) this.#begin(now);
    else if (now > this.#at) {
      const trickled = ((now - this.#at) * this.allowed) / minuteMs;
      this.#level = Math.min(this.#capacity, this.#level + trickled);
      this.#at = now;
    }
    this.lastMinute = minuteOf(now);
    if (!this.isOutdated()) return;
    this.refresh();
    this.#level = Math.min(this.#capacity, this.#level);
  }

  /** Begins as if it had been there before: others may have given out of a share that grew only just now. */
  #begin(now: number): void {
    this.refresh();
    this.#at = now;
    const { at, from } = this.raised;
    const before = this.#capacityOf(this.limit * from);
    const trickled = ((now - at) * this.allowed) / minuteMs;
    this.#level = Math.min(this.#capacity, before + trickled);
  }
}
