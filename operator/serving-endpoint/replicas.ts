/** Owns the reading of a Deployment's replicas, with the defaults that the API leaves out. */
import type { Deployment } from '../../kube/kinds.ts';

export interface Replicas {
  readonly desired: number;
  /** Pods that there are, ready or not. */
  readonly running: number;
  readonly ready: number;
  /** Of the newest pod template; 0 while the Deployment's controller has not seen the newest spec. */
  readonly upToDate: number;
}

/** Returns the replicas of a Deployment. */
export function replicasOf(deployment: Deployment): Replicas {
  const { spec, status } = deployment;
  return {
    desired: spec?.replicas ?? 1,
    running: status?.replicas ?? 0,
    ready: status?.readyReplicas ?? 0,
    upToDate: isSeen(deployment) ? (status?.updatedReplicas ?? 0) : 0,
  };
}

const isSeen = ({ metadata, status }: Deployment): boolean =>
  (status?.observedGeneration ?? 0) >= (metadata?.generation ?? 0);
