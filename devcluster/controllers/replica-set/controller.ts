/** Owns the ReplicaSet controller: keeps as many pods as asked for. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../../platform/clock.ts';
import { messageOf } from '../../../platform/errors.ts';
import type { Logger } from '../../../platform/logging.ts';
import type { LocalClient } from '../../apiserver/client/local-client.ts';
import type { ObjectInput } from '../../apiserver/objects/kube-object.ts';
import { Loop } from '../loop/loop.ts';
import { ChildIndex } from '../objects/child-index.ts';
import type { EventRecorder } from '../objects/events.ts';
import type { Pod, ReplicaSet } from '../objects/kinds.ts';
import { keyOf, parseKey } from '../objects/kinds.ts';
import {
  adoptionPatch,
  controllerOf,
  makeControllerReference,
  planClaims,
  releasePatch,
} from '../objects/ownership.ts';
import { matchesSelector } from '../objects/selector.ts';
import { isActive, planReplicas } from './plan.ts';
import type { ReplicaPlan } from './plan.ts';
import type { ReplicaFailure } from './status.ts';
import { nextAvailableIn, statusOf } from './status.ts';

interface Parts {
  readonly client: LocalClient;
  readonly log: Logger;
  readonly clock: Clock;
  readonly events: EventRecorder;
}

/** Starts the controller; `stop` waits for the reconcile that runs. */
export function startReplicaSetController(parts: Parts): { stop(): Promise<void> } {
  const controller = new ReplicaSetController(parts);
  return { stop: () => controller.stop() };
}

class ReplicaSetController {
  readonly #parts: Parts;
  readonly #loop: Loop;
  readonly #pods: ChildIndex<Pod>;
  readonly #watch: { stop(): void };

  constructor(parts: Parts) {
    this.#parts = parts;
    const { log, clock } = parts;
    this.#loop = new Loop({ name: 'replicaset', reconcile: (key) => this.#reconcile(key), log, clock });
    this.#pods = new ChildIndex(this.#podClient, (pod) => this.#onPod(pod));
    this.#watch = this.#replicaSetClient.watch({}, ({ object }) => this.#loop.enqueue(keyOf(object)));
  }

  async stop(): Promise<void> {
    this.#watch.stop();
    this.#pods.stop();
    await this.#loop.stop();
  }

  get #replicaSetClient() {
    return this.#parts.client.resource<ReplicaSet>('apps/v1', 'ReplicaSet');
  }

  get #podClient() {
    return this.#parts.client.resource<Pod>('v1', 'Pod');
  }

  #onPod(pod: Pod): void {
    const { namespace } = pod.metadata;
    const owner = controllerOf(pod);
    if (owner?.kind === 'ReplicaSet') this.#loop.enqueue(`${namespace ?? ''}/${owner.name}`);
    if (owner !== undefined) return;
    for (const replicaSet of this.#replicaSetClient.list({ namespace })) {
      if (matchesSelector(replicaSet.spec.selector, pod.metadata.labels))
        this.#loop.enqueue(keyOf(replicaSet));
    }
  }

  #reconcile(key: string): number | undefined {
    const { namespace, name } = parseKey(key);
    const replicaSet = this.#replicaSetClient.get(name, namespace);
    if (replicaSet === undefined) return undefined;
    const active = this.#claim(replicaSet).filter(isActive);
    const failure = this.#act(replicaSet, planReplicas(replicaSet, active));
    const now = this.#parts.clock.now();
    const after = this.#pods.childrenOf(replicaSet.metadata.uid).filter(isActive);
    this.#report(replicaSet, statusOf(replicaSet, after, failure?.failure, now));
    if (failure !== undefined) throw failure.error;
    return nextAvailableIn(replicaSet, after, now);
  }

  #claim(replicaSet: ReplicaSet): Pod[] {
    const candidates = this.#pods.candidatesOf(replicaSet).filter(isActive);
    const { owned, adopt, release } = planClaims(replicaSet, replicaSet.spec.selector, candidates);
    const patch = (pod: Pod, body: Record<string, unknown>): Pod =>
      this.#podClient.mergePatch(pod.metadata.name, pod.metadata.namespace, body);
    for (const pod of release) patch(pod, releasePatch(replicaSet, pod));
    return [...owned, ...adopt.map((pod) => patch(pod, adoptionPatch(replicaSet, pod)))];
  }

  /** Returns the first failure; what could be done before it stays done. */
  #act(replicaSet: ReplicaSet, plan: ReplicaPlan): { failure: ReplicaFailure; error: unknown } | undefined {
    try {
      for (const pod of plan.remove) {
        this.#podClient.delete(pod.metadata.name, pod.metadata.namespace, {
          preconditions: { uid: pod.metadata.uid },
        });
        this.#record(replicaSet, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
      }
    } catch (error) {
      return this.#failed(replicaSet, 'FailedDelete', 'deleting', error);
    }
    try {
      for (let made = 0; made < plan.create; made += 1) {
        const pod = this.#podClient.create(makePod(replicaSet));
        this.#record(replicaSet, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
      }
    } catch (error) {
      return this.#failed(replicaSet, 'FailedCreate', 'creating', error);
    }
    return undefined;
  }

  #failed(
    replicaSet: ReplicaSet,
    reason: ReplicaFailure['reason'],
    doing: string,
    error: unknown,
  ): { failure: ReplicaFailure; error: unknown } {
    this.#record(replicaSet, 'Warning', reason, `Error ${doing}: ${messageOf(error)}`);
    return { failure: { reason, message: messageOf(error) }, error };
  }

  #record(replicaSet: ReplicaSet, type: 'Normal' | 'Warning', reason: string, message: string): void {
    this.#parts.events.record(replicaSet, { type, reason, message });
  }

  #report(replicaSet: ReplicaSet, status: ReturnType<typeof statusOf>): void {
    if (isDeepStrictEqual(status, replicaSet.status)) return;
    this.#replicaSetClient.mergePatch(
      replicaSet.metadata.name,
      replicaSet.metadata.namespace,
      { status: { ...status, conditions: status.conditions ?? null } },
      'status',
    );
  }
}

/** Returns a pod of the ReplicaSet's template; the API server gives it its name. */
function makePod(replicaSet: ReplicaSet): ObjectInput<Pod> {
  const template = replicaSet.spec.template;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${replicaSet.metadata.name}-`,
      namespace: replicaSet.metadata.namespace ?? '',
      labels: template?.metadata?.labels ?? {},
      annotations: template?.metadata?.annotations ?? {},
      ownerReferences: [makeControllerReference(replicaSet)],
    },
    spec: template?.spec ?? { containers: [] },
  };
}
