/** Owns the pause of a request before its next attempt. */
import { refusals } from '../../errors.ts';
import type { Exchange, Holder } from '../../exchange.ts';
import type { RoutedExchange } from '../../targets/routed-exchange.ts';

export class Pause implements Holder {
  readonly overdue = refusals.deadline;
  readonly #now: () => number;
  readonly #timers = new Map<Exchange, NodeJS.Timeout>();

  /** `now` gives monotonic milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Keeps the exchange until its time has come, and makes it go through the stage again; false: it has come. */
  holds(exchange: RoutedExchange): boolean {
    const leftMs = exchange.notBefore - this.#now();
    exchange.notBefore = 0;
    if (leftMs <= 0) return false;
    exchange.holder = this;
    const goOn = (): void => {
      this.#timers.delete(exchange);
      exchange.holder = undefined;
      exchange.goBackTo('queue');
      exchange.proceed();
    };
    this.#timers.set(exchange, setTimeout(goOn, leftMs));
    return true;
  }

  release(exchange: Exchange): void {
    clearTimeout(this.#timers.get(exchange));
    this.#timers.delete(exchange);
  }
}
