/** Owns the revisions of a Deployment: which ReplicaSet is the current one, how revisions count, which old ones go. */
import { byAge } from '../objects/child-index.ts';
import type { Deployment, ReplicaSet } from '../objects/kinds.ts';
import type { RolloutBudget } from './budget.ts';
import { sameTemplate } from './template-hash.ts';

export const revisionAnnotation = 'deployment.kubernetes.io/revision';
const revisionHistoryAnnotation = 'deployment.kubernetes.io/revision-history';
const desiredReplicasAnnotation = 'deployment.kubernetes.io/desired-replicas';
const maxReplicasAnnotation = 'deployment.kubernetes.io/max-replicas';

/** Annotations of the Deployment that say something about that object alone. */
const notCopied = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  revisionHistoryAnnotation,
  desiredReplicasAnnotation,
  maxReplicasAnnotation,
  'deprecated.deployment.rollback.to',
]);

export interface Revisions {
  /** The ReplicaSet of the Deployment's template; absent before it is created. */
  readonly current: ReplicaSet | undefined;
  /** The others, oldest first. */
  readonly old: readonly ReplicaSet[];
  /** The revision number that the current one has or gets. */
  readonly number: number;
}

/** Returns the revisions among the ReplicaSets of `deployment`; of two with the same template the older is current. */
export function revisionsOf(deployment: Deployment, replicaSets: readonly ReplicaSet[]): Revisions {
  const sorted = [...replicaSets].sort(byAge);
  const current = sorted.find((replicaSet) =>
    replicaSet.spec.template === undefined
      ? false
      : sameTemplate(replicaSet.spec.template, deployment.spec.template),
  );
  const old = sorted.filter((replicaSet) => replicaSet !== current);
  const newestOld = Math.max(0, ...old.map(revisionOf));
  const own = current === undefined ? 0 : revisionOf(current);
  return { current, old, number: own > newestOld ? own : newestOld + 1 };
}

function revisionOf(replicaSet: ReplicaSet): number {
  return numberAt(replicaSet, revisionAnnotation) ?? 0;
}

/** `spec.replicas` of the Deployment when this ReplicaSet was last sized. */
export const desiredOf = (replicaSet: ReplicaSet): number | undefined =>
  numberAt(replicaSet, desiredReplicasAnnotation);
/** `spec.replicas` + surge of the Deployment when this ReplicaSet was last sized. */
export const maxReplicasOf = (replicaSet: ReplicaSet): number | undefined =>
  numberAt(replicaSet, maxReplicasAnnotation);

function numberAt(replicaSet: ReplicaSet, annotation: string): number | undefined {
  const text = replicaSet.metadata.annotations?.[annotation];
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
}

/** Returns the annotations that a resize records on a ReplicaSet. */
export function sizeAnnotations(budget: RolloutBudget): Record<string, string> {
  return {
    [desiredReplicasAnnotation]: String(budget.replicas),
    [maxReplicasAnnotation]: String(budget.replicas > 0 ? budget.replicas + budget.maxSurge : 0),
  };
}

/** Returns the annotations of the current ReplicaSet: the Deployment's own, and its place in the history. */
export function currentAnnotations(
  deployment: Deployment,
  current: ReplicaSet | undefined,
  revision: number,
): Record<string, string> {
  const copied = Object.entries(deployment.metadata.annotations ?? {}).filter(([key]) => !notCopied.has(key));
  const before = current === undefined ? 0 : revisionOf(current);
  const history = current?.metadata.annotations?.[revisionHistoryAnnotation];
  const returned = before > 0 && before !== revision;
  return {
    ...Object.fromEntries(copied),
    [revisionAnnotation]: String(revision),
    ...(returned
      ? {
          [revisionHistoryAnnotation]:
            history === undefined ? String(before) : `${history},${String(before)}`,
        }
      : {}),
  };
}

/** Returns the old ReplicaSets beyond `revisionHistoryLimit` that are empty and settled, lowest revision first. */
export function planHistoryCleanup(deployment: Deployment, old: readonly ReplicaSet[]): ReplicaSet[] {
  const limit = deployment.spec.revisionHistoryLimit ?? 10;
  const living = old.filter((replicaSet) => replicaSet.metadata.deletionTimestamp === undefined);
  const excess = living.length - limit;
  if (excess <= 0) return [];
  return [...living]
    .sort((left, right) => revisionOf(left) - revisionOf(right))
    .slice(0, excess)
    .filter(
      (replicaSet) =>
        (replicaSet.status?.replicas ?? 0) === 0 &&
        (replicaSet.spec.replicas ?? 1) === 0 &&
        replicaSet.metadata.generation === (replicaSet.status?.observedGeneration ?? 0),
    );
}
