/** Owns which endpoint a public name belongs to where several of a namespace claim it. */
import { readyReasons } from '../../crds/schema/reasons.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';

/** Returns the name by which users call an endpoint. */
export const publicNameOf = (endpoint: Pick<ServingEndpoint, 'metadata' | 'spec'>): string =>
  endpoint.spec.endpointName ?? endpoint.metadata.name;

/**
 * Returns what sorts the claims on one public name, the holder first: who has the name keeps it, of several that want
 * it the oldest gets it. Operator and gateway judge by it alike, so that nobody takes over another's callers by making
 * an endpoint of that name. Times are in whole seconds, so the uid breaks ties.
 */
export function nameClaim(endpoint: ServingEndpoint): string {
  const { metadata, status } = endpoint;
  const isReported = status?.url?.endsWith(`/${publicNameOf(endpoint)}/invocations`) === true;
  const isRefused = status?.conditions?.some(({ reason }) => reason === readyReasons.nameTaken) === true;
  const rank = isReported && !isRefused ? 0 : 1;
  return `${rank}/${metadata.creationTimestamp ?? ''}/${metadata.uid ?? ''}`;
}
