/** Owns counting in fixed minutes of the wall clock, as the original does. */
import { Counter, minuteMs, minuteOf } from './counter.ts';

export class MinuteCounter extends Counter {
  #minute = -1;
  #used = 0;

  hasRoom(cost: number, now: number): boolean {
    this.#catchUp(now);
    this.wanted += cost;
    const used = this.#used + cost;
    if (used * 2 > this.allowed) this.press();
    return used <= this.allowed;
  }

  take(cost: number, now: number): void {
    this.#catchUp(now);
    this.#used += cost;
  }

  settle(taken: number, actual: number, minute: number, now: number): void {
    this.#catchUp(now);
    const more = actual - taken;
    if (minute === this.#minute) this.#used = Math.max(0, this.#used + more);
    // The minute is over: what was too little is owed now, what was too much has lapsed.
    else if (more > 0) this.#used += more;
  }

  remaining(now: number): number {
    this.#catchUp(now);
    return Math.max(0, this.allowed - this.#used);
  }

  msUntilReset(now: number): number {
    return minuteMs - (now % minuteMs);
  }

  msUntilRoom(_cost: number, now: number): number {
    return this.untilRebalanced(this.msUntilReset(now));
  }

  reading(now: number): { allowed: number; used: number } {
    this.#catchUp(now);
    // What has been given out already cannot be given up before the minute is over.
    return { allowed: Math.max(this.allowed, this.#used), used: this.#used };
  }

  #catchUp(now: number): void {
    const minute = minuteOf(now);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#used = 0;
      this.lastMinute = minute;
    }
    if (this.isOutdated()) this.refresh();
  }
}
