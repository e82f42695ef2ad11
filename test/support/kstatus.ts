/**
 * Owns the rules by which kstatus judges an object of a kind that it does not know, as its documentation tells them
 * (sigs.k8s.io/cli-utils, pkg/kstatus): what Flux, Helm and `kustomize` wait for.
 */
import type { Condition } from '../../crds/schema/condition.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';

export type KStatus = 'InProgress' | 'Failed' | 'Current' | 'Terminating';

type Judged = Pick<ServingEndpoint, 'metadata' | 'status'>;

/**
 * Returns the verdict. In this order: what is being deleted is Terminating; a generation that was not observed is
 * InProgress; Reconciling and Stalled decide where they are True, whichever comes first; then Ready, where there is
 * one, anything but True being work in progress; an object without any of them is as it should be.
 */
export function kstatusOf({ metadata, status }: Judged): KStatus {
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  const observed = status?.observedGeneration;
  if (observed !== undefined && observed !== metadata.generation) return 'InProgress';
  const conditions = status?.conditions ?? [];
  for (const condition of conditions) {
    if (isTrue(condition, 'Reconciling')) return 'InProgress';
    if (isTrue(condition, 'Stalled')) return 'Failed';
  }
  const ready = conditions.find(({ type }) => type === 'Ready');
  return ready === undefined || ready.status === 'True' ? 'Current' : 'InProgress';
}

const isTrue = ({ type, status }: Condition, wanted: string): boolean => type === wanted && status === 'True';

export type ArgoHealth = 'Healthy' | 'Progressing' | 'Degraded' | 'Suspended';

/** Returns what the health check for Argo CD in docs/how-to/update-and-roll-back.md says: its Lua, rule by rule. */
export function argoHealthOf(endpoint: Judged): ArgoHealth {
  if (endpoint.status?.observedGeneration === undefined) return 'Progressing';
  switch (kstatusOf(endpoint)) {
    case 'Terminating':
    case 'InProgress':
      return 'Progressing';
    case 'Failed':
      return 'Degraded';
    case 'Current':
      return endpoint.status.suspended === undefined ? 'Healthy' : 'Suspended';
  }
}
