/** Owns how much a caller may ask: the endpoint's limits on calls, applied once, at the first hop. */
import type { CallQuota } from '../../../core/quota/fixed-window.ts';
import { refusals } from '../../errors.ts';
import type { Exchange, Stage } from '../../exchange.ts';

export interface LimitOptions<E extends Exchange> {
  /** The counters of the endpoint that the exchange asks. */
  readonly quotaOf: (exchange: E) => CallQuota | undefined;
  /** Milliseconds since the epoch: windows are minutes of the wall clock. */
  readonly now: () => number;
}

/** Returns the stage that limits. */
export function makeLimit<E extends Exchange>(options: LimitOptions<E>): Stage<E> {
  return {
    name: 'limit',
    run: (exchange) => {
      if (exchange.accounted) return true;
      const refused = options.quotaOf(exchange)?.admit(exchange, options.now());
      if (refused === undefined) return true;
      exchange.refuse(
        refused.kind === 'disabled'
          ? refusals.disabled
          : refusals.limitExceeded(refused.scope, refused.calls, refused.retryAfterSeconds),
      );
      return false;
    },
  };
}
