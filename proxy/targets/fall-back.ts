/** Owns sending a request to another served entity when its own does not answer (REST contract §5.5). */
import type { RoutedExchange } from './routed-exchange.ts';
import type { EntityRoute } from './routing-table.ts';

const mostFallbacks = 2;

/**
 * Gives the exchange another entity, where its endpoint has fallbacks and one is left: the first in the endpoint's order
 * that has not failed, neither it nor this request. Returns whether there was one. Who asks for an entity by name gets
 * that one or none.
 */
export function fallBack(exchange: RoutedExchange): boolean {
  const { endpoint, route, asked } = exchange;
  if (endpoint?.traffic.hasFallback !== true || route === undefined || asked?.servedEntity !== undefined) {
    return false;
  }
  const failed = [...(exchange.failedEntities ?? []), route.servedEntity];
  if (failed.length > mostFallbacks) return false;
  const next = [...endpoint.entities.values()].find(
    (candidate) => !failed.includes(candidate.servedEntity) && canAnswer(candidate),
  );
  if (next === undefined) return false;
  exchange.failedEntities = failed;
  exchange.setRoute(next);
  exchange.tried = undefined;
  exchange.unreachableSince = undefined;
  exchange.wasTurnedAway = false;
  endpoint.traffic.metrics.fellBack();
  return true;
}

/** At zero it can: it wakes. */
export const canAnswer = ({ target, failure, isTroubled }: EntityRoute): boolean =>
  target !== undefined && (target.isAvailable || (failure === undefined && !isTroubled));
