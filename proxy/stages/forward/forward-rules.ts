/** Owns what a process decides about forwarding: where to, with which headers and bounds, and what when it fails. */
import type { Refusal } from '../../errors.ts';
import type { Exchange } from '../../exchange.ts';
import type { ResponseHead } from '../../http1/response-head.ts';
import type { PhaseTimeouts, Upstream, UpstreamFailure } from '../../upstream/upstream-request.ts';

export interface ForwardRules<E extends Exchange> {
  readonly poolOf: (exchange: E) => Upstream;
  /** The path at the upstream, with the query. */
  readonly pathOf: (exchange: E) => string;
  readonly timeouts: (exchange: E) => PhaseTimeouts;
  readonly maxBodyBytes: () => number;
  /** Appends raw pairs to the request. */
  readonly addRequestHeaders: (exchange: E, headers: string[]) => void;
  /** Appends raw pairs to the answer. */
  readonly addAnswerHeaders: (exchange: E, headers: string[]) => void;
  /**
   * An attempt has failed before the answer began, or amid it. `fresh`: it is made again, on a new connection to where
   * `poolOf` says. `back`: the exchange goes back to an earlier stage (and was told so). `no`: it is over. Default (`undefined`): a
   * request on a stale connection is sent once more, if it is whole in memory.
   */
  readonly afterFailure?: (exchange: E, failure: UpstreamFailure) => 'fresh' | 'back' | 'no' | undefined;
  /** True: this answer is not for the caller, the exchange goes back to an earlier stage (and was told so). */
  readonly takesBack?: (exchange: E, head: ResponseHead) => boolean;
  /** What the caller is told where the upstream cannot be reached. */
  readonly unreachable?: Refusal;
  /** The exchange has failed for good; for logs. */
  readonly onFailure: (exchange: E, failure: UpstreamFailure) => void;
}
