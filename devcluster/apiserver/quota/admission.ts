/** Owns the refusal of pods that a ResourceQuota of their namespace has no room for. */
import { ApiError } from '../errors/api-error.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { countsForQuota, quotaProblem, sumOf } from './pod-usage.ts';
import type { QuotaPod, ResourceQuota, Usage } from './pod-usage.ts';

export const quotaStorage = 'resourcequotas';

/** Returns what the pods of a namespace take, read from the pods themselves: never behind, whatever a status says. */
export function usedIn(store: ObjectStore, namespace: string, now: number): Usage {
  const pods = store.list('pods', namespace).items as readonly QuotaPod[];
  return sumOf(pods.filter((pod) => countsForQuota(pod, now)));
}

/**
 * Checks a new pod against every quota of its namespace.
 *
 * @throws ApiError 403 in Kubernetes' words.
 */
export function admitPod(store: ObjectStore, draft: KubeObject, now: number): void {
  const { namespace = '', name } = draft.metadata;
  const quotas = store.list(quotaStorage, namespace).items as readonly ResourceQuota[];
  if (quotas.length === 0) return;
  const used = usedIn(store, namespace, now);
  for (const quota of quotas) {
    const problem = quotaProblem(quota, draft as QuotaPod, used);
    if (problem === undefined) continue;
    const details = { name, group: '', kind: 'pods' };
    throw new ApiError(403, 'Forbidden', `pods "${name}" is forbidden: ${problem}`, details);
  }
}
