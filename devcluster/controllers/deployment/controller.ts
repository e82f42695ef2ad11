/** Owns the Deployment controller: observes, has the step planned, acts, reports. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../../platform/clock.ts';
import type { Logger } from '../../../platform/logging.ts';
import type { LocalClient } from '../../apiserver/client/local-client.ts';
import { ApiError } from '../../apiserver/errors/api-error.ts';
import type { ObjectInput } from '../../apiserver/objects/kube-object.ts';
import { Loop } from '../loop/loop.ts';
import { ChildIndex } from '../objects/child-index.ts';
import type { EventRecorder } from '../objects/events.ts';
import type { Deployment, Pod, ReplicaSet } from '../objects/kinds.ts';
import { keyOf, parseKey } from '../objects/kinds.ts';
import { adoptionPatch, controllerOf, planClaims, releasePatch } from '../objects/ownership.ts';
import { matchesSelector } from '../objects/selector.ts';
import { budgetOf } from './budget.ts';
import { planDeployment } from './plan.ts';
import type { DeploymentPlan } from './plan.ts';
import { revisionAnnotation, revisionsOf, sizeAnnotations } from './revisions.ts';
import type { Resize } from './rolling.ts';
import { sizeOf } from './rolling.ts';
import type { StatusInput } from './status.ts';
import { isRolloutComplete, progressDeadlineIn, statusOf } from './status.ts';
import { sameTemplate } from './template-hash.ts';

interface Parts {
  readonly client: LocalClient;
  readonly log: Logger;
  readonly clock: Clock;
  readonly events: EventRecorder;
}

/** Starts the controller; `stop` waits for the reconcile that runs. */
export function startDeploymentController(parts: Parts): { stop(): Promise<void> } {
  const controller = new DeploymentController(parts);
  return { stop: () => controller.stop() };
}

class DeploymentController {
  readonly #parts: Parts;
  readonly #loop: Loop;
  readonly #replicaSets: ChildIndex<ReplicaSet>;
  readonly #pods: ChildIndex<Pod>;
  readonly #watch: { stop(): void };

  constructor(parts: Parts) {
    this.#parts = parts;
    const { client, log, clock } = parts;
    this.#loop = new Loop({ name: 'deployment', reconcile: (key) => this.#reconcile(key), log, clock });
    this.#replicaSets = new ChildIndex(this.#replicaSetClient, (replicaSet) =>
      this.#onReplicaSet(replicaSet),
    );
    this.#pods = new ChildIndex(client.resource<Pod>('v1', 'Pod'), (pod) => this.#onPod(pod));
    this.#watch = this.#deploymentClient.watch({}, ({ object }) => this.#loop.enqueue(keyOf(object)));
  }

  async stop(): Promise<void> {
    this.#watch.stop();
    this.#replicaSets.stop();
    this.#pods.stop();
    await this.#loop.stop();
  }

  get #deploymentClient() {
    return this.#parts.client.resource<Deployment>('apps/v1', 'Deployment');
  }

  get #replicaSetClient() {
    return this.#parts.client.resource<ReplicaSet>('apps/v1', 'ReplicaSet');
  }

  #onReplicaSet(replicaSet: ReplicaSet): void {
    const { namespace } = replicaSet.metadata;
    const owner = controllerOf(replicaSet);
    if (owner?.kind === 'Deployment') this.#loop.enqueue(`${namespace ?? ''}/${owner.name}`);
    if (owner !== undefined) return;
    for (const deployment of this.#deploymentClient.list({ namespace })) {
      if (matchesSelector(deployment.spec.selector, replicaSet.metadata.labels)) {
        this.#loop.enqueue(keyOf(deployment));
      }
    }
  }

  /** Only Recreate waits for pods to end; the rest follows from the ReplicaSets' own status. */
  #onPod(pod: Pod): void {
    const owner = controllerOf(pod);
    if (owner?.kind !== 'ReplicaSet') return;
    const namespace = pod.metadata.namespace;
    const replicaSet = this.#replicaSetClient.get(owner.name, namespace);
    const deployment = replicaSet === undefined ? undefined : controllerOf(replicaSet);
    if (deployment?.kind === 'Deployment') this.#loop.enqueue(`${namespace ?? ''}/${deployment.name}`);
  }

  #reconcile(key: string): number | undefined {
    const { namespace, name } = parseKey(key);
    const deployment = this.#deploymentClient.get(name, namespace);
    if (deployment === undefined) return undefined;
    const revisions = revisionsOf(deployment, this.#claim(deployment));
    const budget = budgetOf(deployment);
    const now = this.#parts.clock.now();
    const observed: StatusInput = { deployment, revisions, budget, now };
    const plan = planDeployment({
      ...observed,
      oldPodsRunning: revisions.old.some((replicaSet) => this.#hasRunningPods(replicaSet)),
      rolloutComplete: isRolloutComplete(observed),
    });
    const outcome = this.#act(deployment, plan);
    this.#recordRevision(deployment, revisions.number);
    return this.#report({
      ...observed,
      ...outcome,
      revisions: revisionsOf(deployment, this.#claim(deployment)),
    });
  }

  #claim(deployment: Deployment): ReplicaSet[] {
    const candidates = this.#replicaSets.candidatesOf(deployment);
    const { owned, adopt, release } = planClaims(deployment, deployment.spec.selector, candidates);
    const patch = (child: ReplicaSet, body: Record<string, unknown>): ReplicaSet =>
      this.#replicaSetClient.mergePatch(child.metadata.name, child.metadata.namespace, body);
    for (const child of release) patch(child, releasePatch(deployment, child));
    return [...owned, ...adopt.map((child) => patch(child, adoptionPatch(deployment, child)))];
  }

  #hasRunningPods(replicaSet: ReplicaSet): boolean {
    return this.#pods
      .childrenOf(replicaSet.metadata.uid)
      .some((pod) => pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed');
  }

  #act(deployment: Deployment, plan: DeploymentPlan): Pick<StatusInput, 'created' | 'collisionCount'> {
    for (const { replicaSet, annotations } of plan.annotate) {
      this.#replicaSetClient.mergePatch(replicaSet.metadata.name, replicaSet.metadata.namespace, {
        metadata: { annotations },
        spec: { minReadySeconds: deployment.spec.minReadySeconds ?? 0 },
      });
    }
    for (const resize of plan.resize) this.#resize(deployment, resize);
    for (const replicaSet of plan.remove) {
      this.#replicaSetClient.delete(replicaSet.metadata.name, replicaSet.metadata.namespace, {
        preconditions: { uid: replicaSet.metadata.uid },
      });
    }
    return plan.create === undefined ? {} : this.#create(deployment, plan.create);
  }

  #create(
    deployment: Deployment,
    replicaSet: ObjectInput<ReplicaSet>,
  ): Pick<StatusInput, 'created' | 'collisionCount'> {
    try {
      const created = this.#replicaSetClient.create(replicaSet);
      this.#recordScaling(deployment, created.metadata.name, 0, sizeOf(created));
      return { created: created.metadata.name };
    } catch (error) {
      if (!(error instanceof ApiError) || error.reason !== 'AlreadyExists') throw error;
      const other = this.#replicaSetClient.get(
        replicaSet.metadata?.name ?? '',
        deployment.metadata.namespace,
      );
      const { template } = deployment.spec;
      // Somebody else's ReplicaSet has the name: the next hash differs, since it includes the count.
      const ours = other?.spec.template !== undefined && sameTemplate(other.spec.template, template);
      if (ours) throw error;
      return { collisionCount: (deployment.status?.collisionCount ?? 0) + 1 };
    }
  }

  #resize(deployment: Deployment, { replicaSet, replicas }: Resize): void {
    const { name, namespace } = replicaSet.metadata;
    const annotations = sizeAnnotations(budgetOf(deployment));
    this.#replicaSetClient.mergePatch(name, namespace, { metadata: { annotations }, spec: { replicas } });
    this.#recordScaling(deployment, name, sizeOf(replicaSet), replicas);
  }

  #recordScaling(deployment: Deployment, replicaSet: string, from: number, to: number): void {
    if (from === to) return;
    const direction = to > from ? 'up' : 'down';
    this.#parts.events.record(deployment, {
      type: 'Normal',
      reason: 'ScalingReplicaSet',
      message: `Scaled ${direction} replica set ${replicaSet} from ${from} to ${to}`,
    });
  }

  #recordRevision(deployment: Deployment, revision: number): void {
    if (deployment.metadata.annotations?.[revisionAnnotation] === String(revision)) return;
    if (deployment.metadata.deletionTimestamp !== undefined) return;
    const { name, namespace } = deployment.metadata;
    this.#deploymentClient.mergePatch(name, namespace, {
      metadata: { annotations: { [revisionAnnotation]: String(revision) } },
    });
  }

  #report(input: StatusInput): number | undefined {
    const { deployment, now } = input;
    const status = statusOf(input);
    if (!isDeepStrictEqual(status, deployment.status)) {
      const { name, namespace } = deployment.metadata;
      this.#deploymentClient.updateStatus({
        apiVersion: deployment.apiVersion,
        kind: deployment.kind,
        metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
        spec: deployment.spec,
        status,
      });
    }
    const progressing = status.conditions?.find((condition) => condition.type === 'Progressing');
    const left = progressDeadlineIn(deployment, progressing, now);
    return left === undefined || left < 0 ? undefined : left + 1_000;
  }
}
