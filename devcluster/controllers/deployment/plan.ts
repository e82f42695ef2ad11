/** Owns the next step of a Deployment: which ReplicaSet is made, sized or removed, and why. Pure. */
import type { ObjectInput } from '../../apiserver/objects/kube-object.ts';
import type { Deployment, ReplicaSet } from '../objects/kinds.ts';
import { makeControllerReference } from '../objects/ownership.ts';
import type { RolloutBudget } from './budget.ts';
import { isScalingEvent, planProportionalScale } from './proportional.ts';
import type { Revisions } from './revisions.ts';
import {
  currentAnnotations,
  desiredOf,
  maxReplicasOf,
  planHistoryCleanup,
  sizeAnnotations,
} from './revisions.ts';
import type { Resize } from './rolling.ts';
import { newReplicaSetSize, planOldScaleDown, sizeOf, totalSize } from './rolling.ts';
import { templateHash, templateHashLabel } from './template-hash.ts';

export interface DeploymentPlan {
  readonly create?: ObjectInput<ReplicaSet>;
  readonly resize: readonly Resize[];
  /** Annotations (and minReadySeconds) of existing ReplicaSets that are not what they should be. */
  readonly annotate: readonly {
    readonly replicaSet: ReplicaSet;
    readonly annotations: Record<string, string>;
  }[];
  readonly remove: readonly ReplicaSet[];
}

export interface DeploymentSnapshot {
  readonly deployment: Deployment;
  readonly revisions: Revisions;
  readonly budget: RolloutBudget;
  /** Pods of old ReplicaSets that have not ended: Recreate waits for them. */
  readonly oldPodsRunning: boolean;
  readonly rolloutComplete: boolean;
}

const nothing: DeploymentPlan = { resize: [], annotate: [], remove: [] };

/** Returns one step towards the Deployment's spec; the next step follows from what this one changes. */
export function planDeployment(snapshot: DeploymentSnapshot): DeploymentPlan {
  const { deployment, revisions } = snapshot;
  if (deployment.metadata.deletionTimestamp !== undefined) return nothing;
  const recreate = deployment.spec.strategy?.type === 'Recreate';
  const all = revisions.current === undefined ? revisions.old : [revisions.current, ...revisions.old];
  if (deployment.spec.paused === true || isScalingEvent(deployment, all))
    return planScale(snapshot, !recreate);
  const step = recreate ? planRecreate(snapshot) : planRolling(snapshot);
  const remove = snapshot.rolloutComplete ? planHistoryCleanup(deployment, revisions.old) : [];
  return { ...step, annotate: [...planAnnotations(snapshot), ...step.annotate], remove };
}

function planScale(snapshot: DeploymentSnapshot, rolling: boolean): DeploymentPlan {
  const { revisions, budget } = snapshot;
  const resize = planProportionalScale(budget, rolling, revisions.current, revisions.old);
  const resized = new Set(resize.map(({ replicaSet }) => replicaSet));
  const all = revisions.current === undefined ? revisions.old : [revisions.current, ...revisions.old];
  const annotations = sizeAnnotations(budget);
  // A ReplicaSet that keeps its size still has to learn the new total, or this would look like a scaling for ever.
  const annotate = all
    .filter((replicaSet) => sizeOf(replicaSet) > 0 && !resized.has(replicaSet))
    .filter((replicaSet) => desiredOf(replicaSet) !== budget.replicas)
    .map((replicaSet) => ({ replicaSet, annotations }));
  return { resize, annotate, remove: [] };
}

function planRolling(snapshot: DeploymentSnapshot): DeploymentPlan {
  const { revisions, budget } = snapshot;
  const total = totalSize(revisions.old);
  if (revisions.current === undefined) {
    return { ...nothing, create: makeReplicaSet(snapshot, newReplicaSetSize(budget, 0, total)) };
  }
  const size = sizeOf(revisions.current);
  const replicas = newReplicaSetSize(budget, size, total + size);
  if (replicas !== size) return { ...nothing, resize: [{ replicaSet: revisions.current, replicas }] };
  return { ...nothing, resize: planOldScaleDown(budget, revisions.current, revisions.old) };
}

function planRecreate(snapshot: DeploymentSnapshot): DeploymentPlan {
  const { revisions, budget } = snapshot;
  const shrink = revisions.old
    .filter((replicaSet) => sizeOf(replicaSet) > 0)
    .map((replicaSet) => ({ replicaSet, replicas: 0 }));
  if (shrink.length > 0) return { ...nothing, resize: shrink };
  if (snapshot.oldPodsRunning) return nothing;
  if (revisions.current === undefined)
    return { ...nothing, create: makeReplicaSet(snapshot, budget.replicas) };
  if (sizeOf(revisions.current) === budget.replicas) return nothing;
  return { ...nothing, resize: [{ replicaSet: revisions.current, replicas: budget.replicas }] };
}

function planAnnotations(snapshot: DeploymentSnapshot): DeploymentPlan['annotate'] {
  const { deployment, revisions, budget } = snapshot;
  const { current, number } = revisions;
  if (current === undefined) return [];
  const wanted = {
    ...currentAnnotations(deployment, current, number),
    ...(maxReplicasOf(current) === undefined ? sizeAnnotations(budget) : {}),
  };
  const present = current.metadata.annotations ?? {};
  const differs =
    Object.entries(wanted).some(([key, value]) => present[key] !== value) ||
    (current.spec.minReadySeconds ?? 0) !== (deployment.spec.minReadySeconds ?? 0);
  return differs ? [{ replicaSet: current, annotations: wanted }] : [];
}

function makeReplicaSet(snapshot: DeploymentSnapshot, replicas: number): ObjectInput<ReplicaSet> {
  const { deployment, budget, revisions } = snapshot;
  const { template } = deployment.spec;
  const hash = templateHash(template, deployment.status?.collisionCount ?? 0);
  const labels = { ...template.metadata?.labels, [templateHashLabel]: hash };
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace ?? '',
      labels,
      annotations: {
        ...currentAnnotations(deployment, undefined, revisions.number),
        ...sizeAnnotations(budget),
      },
      ownerReferences: [makeControllerReference(deployment)],
    },
    spec: {
      replicas,
      minReadySeconds: deployment.spec.minReadySeconds ?? 0,
      selector: {
        ...deployment.spec.selector,
        matchLabels: { ...deployment.spec.selector.matchLabels, [templateHashLabel]: hash },
      },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}
