/** Owns which served entity of an endpoint answers: the one that was asked for, else by the split of the traffic. */
import { promptPrefixHash } from '../../../core/routing/prompt-prefix.ts';
import { refusals } from '../../errors.ts';
import type { Refusal } from '../../errors.ts';
import type { Stage } from '../../exchange.ts';
import { canAnswer, fallBack } from '../../targets/fall-back.ts';
import type { RoutedExchange } from '../../targets/routed-exchange.ts';
import type { EntityRoute, RoutedEndpoint } from '../../targets/routing-table.ts';
import { stickyValueOf } from './sticky-value.ts';

/** Returns the stage that chooses. `current` finds the endpoint anew: it may have changed since it was authorised. */
export function makeChoose(
  current: (exchange: RoutedExchange) => RoutedEndpoint | undefined,
): Stage<RoutedExchange> {
  return {
    name: 'choose',
    run: (exchange) => {
      const found = current(exchange);
      // The name may have gone to another endpoint meanwhile, for which nobody has authorised the caller.
      const endpoint = found?.label === exchange.endpointLabel ? found : undefined;
      if (endpoint === undefined) {
        exchange.refuse(refusals.unknownEndpoint(exchange.asked?.endpoint ?? ''));
        return false;
      }
      const refused = choose(exchange, endpoint);
      if (refused === undefined) return true;
      exchange.refuse(refused);
      return false;
    },
  };
}

/** Notes on the exchange where it goes, and within which limits; returns why it goes nowhere. */
function choose(exchange: RoutedExchange, endpoint: RoutedEndpoint): Refusal | undefined {
  if (endpoint.suspended) return refusals.stopped;
  const route = routeOf(exchange, endpoint);
  if (route === undefined) {
    const asked = exchange.asked?.servedEntity;
    if (asked !== undefined) return refusals.unknownEntity(asked);
    endpoint.traffic.metrics.held('RejectedNoEndpoints');
    return refusals.notRouted;
  }
  const isFirst = exchange.route === undefined;
  exchange.endpoint = endpoint;
  exchange.setRoute(route);
  if (isFirst) admit(exchange, endpoint);
  if (canAnswer(route) || fallBack(exchange)) return undefined;
  const refused = refusalOf(route);
  if (route.failure !== undefined) endpoint.traffic.metrics.held('RejectedNoEndpoints');
  return refused;
}

function routeOf(exchange: RoutedExchange, endpoint: RoutedEndpoint): EntityRoute | undefined {
  const asked = exchange.asked?.servedEntity;
  if (asked !== undefined) return endpoint.entities.get(asked);
  const { sticky } = endpoint.traffic;
  const key = sticky === undefined ? undefined : stickyValueOf(exchange.caller.head.headers, sticky);
  return key === undefined ? endpoint.split.next() : endpoint.sticky.pick(key);
}

/** What the endpoint says about its requests, from now on. */
function admit(exchange: RoutedExchange, { traffic }: RoutedEndpoint): void {
  const { totalMs, hasPrefixAffinity, budget, metrics } = traffic;
  exchange.deadline = totalMs === 0 ? Number.POSITIVE_INFINITY : exchange.startedAt + totalMs;
  budget.countRequest(exchange.startedAt);
  if (!hasPrefixAffinity) return;
  exchange.prefixHash = exchange.body === undefined ? undefined : promptPrefixHash(exchange.body.toString());
  if (exchange.prefixHash === undefined) metrics.affinity('none');
}

/** An entity that has lost its replicas is waited for, where there is nothing to fall back on. */
function refusalOf({ target, failure }: EntityRoute): Refusal | undefined {
  if (target === undefined) return refusals.unsupportedEntity;
  return failure === undefined ? undefined : refusals.entityFailed(failure);
}
