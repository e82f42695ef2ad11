/** Owns what those who scale a Deployment ask of its endpoint: whether it has traffic, and whether it is held still. */
import { pauseOf } from '../../core/scaling/pause.ts';
import { labels } from '../../crds/schema/api.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import type { Deployment } from '../../kube/kinds.ts';
import { keyOf, refOf } from '../../kube/resource.ts';
import { byScaleTarget } from '../stores.ts';
import type { Stores } from '../stores.ts';

type Endpoints = Pick<Stores, 'endpoints'>;

/** Returns the endpoint that a Deployment belongs to. */
export function endpointOf({ endpoints }: Endpoints, deployment: Deployment): ServingEndpoint | undefined {
  const name = deployment.metadata?.labels?.[labels.endpoint] ?? '';
  return endpoints.store.get(keyOf({ name, namespace: deployment.metadata?.namespace }));
}

/** Returns whether the active config routes to a Deployment. */
export function isRouted(stores: Endpoints, deployment: Deployment): boolean {
  const { name } = refOf(deployment);
  const { traffic = [] } = endpointOf(stores, deployment)?.status ?? {};
  return traffic.some((route) => route.deployment === name);
}

/** Returns whether nobody may scale by demand: the endpoint is stopped, or is going, or gone. */
export function isStopped(stores: Endpoints, deployment: Deployment): boolean {
  const endpoint = endpointOf(stores, deployment);
  return (
    endpoint === undefined || endpoint.spec.suspended || endpoint.metadata.deletionTimestamp !== undefined
  );
}

/** Returns whether a person has asked that no replica be taken away. */
export const mayNotShrink = (stores: Endpoints, deployment: Deployment): boolean =>
  pauseOf(endpointOf(stores, deployment)?.metadata.annotations).scaleIn;

/** Returns the HPAs that scale a Deployment, whoever made them. */
export function autoscalersOf({ autoscalers }: Pick<Stores, 'autoscalers'>, deployment: Deployment) {
  return autoscalers.store.byIndex(byScaleTarget, keyOf(refOf(deployment)));
}
