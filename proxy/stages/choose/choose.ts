/** Owns which served entity of an endpoint answers: the one that was asked for, else by the split of the traffic. */
import { refusals } from '../../errors.ts';
import type { Refusal } from '../../errors.ts';
import type { Stage } from '../../exchange.ts';
import type { RoutedExchange } from '../../targets/routed-exchange.ts';
import type { EntityRoute, RoutedEndpoint } from '../../targets/routing-table.ts';

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
      const chosen = endpoint === undefined ? undefined : routeOf(endpoint, exchange.asked?.servedEntity);
      if (endpoint === undefined || chosen === undefined) {
        exchange.refuse(refusals.unknownEndpoint(exchange.asked?.endpoint ?? ''));
        return false;
      }
      if ('status' in chosen) {
        exchange.refuse(chosen);
        return false;
      }
      exchange.endpoint = endpoint;
      exchange.route = chosen;
      exchange.servedEntity = chosen.servedEntity;
      exchange.deployment = chosen.target?.deployment ?? '';
      return true;
    },
  };
}

function routeOf(endpoint: RoutedEndpoint, servedEntity: string | undefined): EntityRoute | Refusal {
  if (endpoint.suspended) return refusals.stopped;
  const route = servedEntity === undefined ? endpoint.split.next() : endpoint.entities.get(servedEntity);
  if (route === undefined) {
    return servedEntity === undefined ? refusals.notRouted : refusals.unknownEntity(servedEntity);
  }
  if (route.target === undefined) return refusals.unsupportedEntity;
  // A broken model that still has pods (an update of its image, say) goes on answering with them.
  if (route.failure !== undefined && route.target.usable.length === 0)
    return refusals.entityFailed(route.failure);
  return route;
}
