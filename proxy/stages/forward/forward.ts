/** Owns sending a request on and streaming its answer back, with backpressure and aborts in both directions. */
import { refusals } from '../../errors.ts';
import type { Exchange } from '../../exchange.ts';
import type { Stage } from '../../pipeline.ts';
import type { Pool } from '../../upstream/pool.ts';
import type { ResponseHead } from '../../upstream/response-head.ts';
import type { PhaseTimeouts, UpstreamFailure } from '../../upstream/upstream-request.ts';
import { Forwarding } from './forwarding.ts';

/** What a process decides about forwarding. */
export interface ForwardRules<E extends Exchange> {
  readonly poolOf: (exchange: E) => Pool;
  /** The path at the upstream, with the query. */
  readonly pathOf: (exchange: E) => string;
  readonly timeouts: () => PhaseTimeouts;
  readonly maxBodyBytes: () => number;
  /** Appends raw pairs to the request. */
  readonly addRequestHeaders: (exchange: E, headers: string[]) => void;
  /** Appends raw pairs to the answer. */
  readonly addAnswerHeaders: (exchange: E, headers: string[]) => void;
  /**
   * The request could not be sent. `now`: `poolOf` gives somewhere else to try. `later`: the exchange is in other hands
   * and comes back to this stage, or not. `no`: it is over.
   */
  readonly findAnother?: (exchange: E) => 'now' | 'later' | 'no';
  /** True: this answer is not for the caller, the exchange goes back to an earlier stage (and was told so). */
  readonly takesBack?: (exchange: E, head: ResponseHead) => boolean;
  /** An attempt has failed for good; for logs. */
  readonly onFailure: (exchange: E, failure: UpstreamFailure) => void;
}

/** Returns the stage that forwards. */
export function makeForward<E extends Exchange>(rules: ForwardRules<E>): Stage<E> {
  return {
    name: 'forward',
    run: (exchange) => {
      const forwarding = new Forwarding(exchange, rules);
      exchange.holder = forwarding;
      forwarding.start(false);
      return false;
    },
  };
}

/** Returns what the caller is told when an upstream has failed. */
export function refusalOfFailure(failure: UpstreamFailure): typeof refusals.deadline {
  switch (failure.error.code) {
    case 'UPSTREAM_TIMEOUT':
      return refusals.deadline;
    case 'UPSTREAM_UNREACHABLE':
      return refusals.unreachable;
    default:
      return refusals.upstreamBroke;
  }
}
