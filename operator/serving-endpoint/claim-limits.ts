/** Owns what is claimed of how exactly an endpoint's limits are counted where gateways have a store for them. Pure. */
import type { StoreState } from '../../core/quota/store-book.ts';
import { conditionTypes } from '../../crds/schema/condition.ts';
import { limitReasons } from '../../crds/schema/reasons.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { claim } from './conditions.ts';
import type { Claim } from './conditions.ts';

const type = conditionTypes.limitsExact;
const maxNames = 5;

/** Whether gateways count the limits of an endpoint in their store: its sidecars have none, and apply limits if route-optimised. */
export const countsInStore = ({ spec }: Pick<ServingEndpoint, 'spec'>): boolean =>
  !spec.routeOptimized && (spec.rateLimits ?? []).length > 0;

/**
 * Returns the claim; none where there is nothing to claim. While it is not clear yet how it stands with the store
 * (undefined), as for a new leader, what the status says stays.
 */
export function limitsClaims(endpoint: ServingEndpoint, store: StoreState | undefined): Claim[] {
  if (!countsInStore(endpoint)) return [];
  if (store === undefined) return (endpoint.status?.conditions ?? []).filter((known) => known.type === type);
  switch (store.is) {
    case 'unknown':
      return [];
    case 'up':
      return [claim(type, 'True', limitReasons.storeReachable, 'the store of limits answers every gateway')];
    case 'down':
      return [claim(type, 'False', limitReasons.storeUnavailable, describeLack(store.gateways))];
  }
}

function describeLack(gateways: readonly string[] | 'all'): string {
  const lack = gateways === 'all' ? 'answers no gateway' : `does not answer ${namesOf(gateways)}`;
  return `the store of limits ${lack}: nobody is refused for it, but until it is back each of them gives out its share of each limit, so that counts are not exact; have the Redis or Valkey server looked at, and the log of the gateway, which tells the cause`;
}

function namesOf(gateways: readonly string[]): string {
  const more = gateways.length - maxNames;
  return `${gateways.slice(0, maxNames).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
