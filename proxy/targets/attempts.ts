/** Owns what follows from the answer or failure of one attempt: for the pod, and for the request, which may get another. */
import { planRetry } from '../../core/routing/plan-retry.ts';
import type { AttemptEnd } from '../../core/routing/plan-retry.ts';
import type { Clock } from '../../platform/clock.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import type { UpstreamFailure } from '../upstream/upstream-request.ts';
import { endOfAnswer, endOfFailure, retryAfterOf } from './attempt-end.ts';
import { fallBack } from './fall-back.ts';
import type { RoutedExchange } from './routed-exchange.ts';

/** Where a pod is found for a request. */
const podStage = 'queue';

export class Attempts {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** An answer begins. True: it is not for the caller, and the exchange is on its way back to where pods are found. */
  takesBack(exchange: RoutedExchange, head: ResponseHead): boolean {
    const { status } = head;
    if (status < 429) {
      if (exchange.pod !== undefined) exchange.route?.target?.noteGood(exchange.pod);
      return false;
    }
    const end = endOfAnswer(head);
    if (end === 'server-error') noteBad(exchange);
    return this.#goesBack(exchange, end, head) || (isNoAnswer(status) && this.#fallsBack(exchange));
  }

  /** There is no answer, or the rest of it does not come. */
  afterFailure(exchange: RoutedExchange, failure: UpstreamFailure): 'fresh' | 'back' | 'no' {
    const end = endOfFailure(failure);
    if (failure.kind === 'lost') noteBad(exchange);
    const next = this.#next(exchange, end);
    if (next === 'no') exchange.leavePod();
    return next;
  }

  #next(exchange: RoutedExchange, end: AttemptEnd): 'fresh' | 'back' | 'no' {
    // The answer has begun: there is no way back.
    if (exchange.status !== 0) return 'no';
    if (end === 'stale' && !hasOtherPod(exchange)) return this.#plan(exchange, end) ? 'fresh' : 'no';
    return this.#goesBack(exchange, end) || this.#fallsBack(exchange) ? 'back' : 'no';
  }

  #goesBack(exchange: RoutedExchange, end: AttemptEnd, head?: ResponseHead): boolean {
    const { pod, route } = exchange;
    const target = route?.target;
    if (end === 'full' && exchange.heldSince !== undefined && exchange.body !== undefined) {
      // It was held until there was room, and the room went to another: it waits for the next.
      exchange.wasTurnedAway = true;
      exchange.leavePod();
    } else {
      if (!this.#plan(exchange, end, head)) return false;
      if (pod !== undefined && (end === 'unsent' || end === 'unreached')) {
        exchange.unreachableSince ??= this.#clock.monotonic();
        target?.suspect(pod);
        exchange.leavePod();
      } else exchange.giveUpPod();
    }
    exchange.goBackTo(podStage);
    return true;
  }

  #fallsBack(exchange: RoutedExchange): boolean {
    if (exchange.body === undefined || !fallBack(exchange)) return false;
    exchange.leavePod();
    exchange.goBackTo(podStage);
    return true;
  }

  /** Returns whether there is to be another attempt, paid for where it has to be. */
  #plan(exchange: RoutedExchange, end: AttemptEnd, head?: ResponseHead): boolean {
    const { endpoint, route, pod, retries } = exchange;
    if (endpoint === undefined || route?.target === undefined) return false;
    const { traffic } = endpoint;
    const { metrics } = route.target;
    const now = this.#clock.monotonic();
    const tried = [...(exchange.tried ?? []), ...(pod === undefined ? [] : [pod])];
    const plan = planRetry({
      end,
      isReplayable: exchange.body !== undefined,
      hasOther: route.target.hasOther(tried),
      attempts: retries,
      rules: traffic.retries,
      elapsedMs: now - exchange.startedAt,
      retryAfterMs: head === undefined ? undefined : retryAfterOf(head, this.#clock.now()),
      random: Math.random(),
    });
    if (plan.kind !== 'paid') return plan.kind === 'free';
    if (now + plan.afterMs >= exchange.deadline) return false;
    if (!traffic.budget.take(now)) {
      metrics.retryOverBudget();
      return false;
    }
    metrics.retried(end);
    exchange.retries = retries + 1;
    exchange.notBefore = plan.afterMs === 0 ? 0 : now + plan.afterMs;
    return true;
  }
}

/** Answers after which another entity may be asked (REST contract §5.5). */
const isNoAnswer = (status: number): boolean => status === 429 || status >= 500;

function noteBad({ pod, route }: RoutedExchange): void {
  if (pod !== undefined) route?.target?.noteBad(pod);
}

const hasOtherPod = ({ pod, route }: RoutedExchange): boolean =>
  route?.target?.hasOther(pod === undefined ? [] : [pod]) === true;
