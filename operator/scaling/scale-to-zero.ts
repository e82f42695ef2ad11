/** Owns the way from N to zero: looks once a second for what has been idle long enough, and scales it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { demandKey } from '../../core/scaling/demand-book.ts';
import type { DemandBook } from '../../core/scaling/demand-book.ts';
import { annotations, apiVersion, labels } from '../../crds/schema/api.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { isConflict } from '../../kube/api-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import { regardingOf } from '../../kube/events.ts';
import type { EventRecorder } from '../../kube/events.ts';
import { deployments } from '../../kube/kinds.ts';
import type { Deployment } from '../../kube/kinds.ts';
import { keyOf, refOf } from '../../kube/resource.ts';
import type { Clock } from '../../platform/clock.ts';
import { messageOf } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logging.ts';
import { isReady } from '../serving-endpoint/cold-start.ts';
import { formatTime } from '../serving-endpoint/conditions.ts';
import { idleAfterAnnotation, scaleFieldManager } from '../serving-endpoint/names.ts';
import { byDeployment } from '../stores.ts';
import type { Stores } from '../stores.ts';
import { AnsweringSince } from './answering.ts';
import { idleLongEnough } from './plan-scale-to-zero.ts';
import type { IdleCandidate } from './plan-scale-to-zero.ts';

export interface ScaleToZeroOptions {
  readonly stores: Stores;
  readonly book: DemandBook;
  readonly client: KubeClient;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** As often as proxies report. */
const intervalMs = 1_000;

/** Runs from `start` to `stop`, on the leader alone. */
export class ScaleToZero {
  readonly #options: ScaleToZeroOptions;
  readonly #answering = new AnsweringSince();
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: ScaleToZeroOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await this.#lookAround();
      await sleep(intervalMs, undefined, { signal }).catch(() => {
        // Stopped while waiting: the loop looks at the signal next.
      });
    }
  }

  async #lookAround(): Promise<void> {
    const { stores, book, clock } = this.#options;
    const now = clock.monotonic();
    book.prune(now);
    const all = stores.deployments.store.list();
    this.#answering.note(all, (deployment) => this.#isRouted(deployment), now);
    for (const deployment of all) {
      if (deployment.metadata?.annotations?.[idleAfterAnnotation] === undefined) continue;
      await this.#judge(deployment, now);
    }
  }

  async #judge(deployment: Deployment, now: number): Promise<void> {
    try {
      const idleMs = idleLongEnough(this.#candidate(deployment, now));
      if (idleMs !== undefined) await this.#scale(deployment, idleMs);
    } catch (error) {
      // One Deployment with a broken annotation must not keep the others awake.
      this.#options.log.error({ ...refOf(deployment), cause: messageOf(error) }, 'idleness cannot be judged');
    }
  }

  #isRouted(deployment: Deployment): boolean {
    const { name } = refOf(deployment);
    return this.#endpointOf(deployment)?.status?.traffic?.some((route) => route.deployment === name) === true;
  }

  #candidate(deployment: Deployment, now: number): IdleCandidate {
    const { stores, book } = this.#options;
    const { name, namespace = '' } = refOf(deployment);
    const pods = stores.pods.store
      .byIndex(byDeployment, `${namespace}/${name}`)
      .filter((pod) => pod.metadata?.deletionTimestamp === undefined)
      // A pod that never became ready has served nobody and may be unable to report.
      .filter(isReady);
    return {
      deployment,
      pods: pods.map((pod) => pod.metadata?.name ?? ''),
      demand: book.demandOf(demandKey(namespace, name), now),
      answersSince: this.#answering.of(deployment),
    };
  }

  #endpointOf(deployment: Deployment): ServingEndpoint | undefined {
    const name = deployment.metadata?.labels?.[labels.endpoint] ?? '';
    return this.#options.stores.endpoints.store.get(
      keyOf({ name, namespace: deployment.metadata?.namespace }),
    );
  }

  /**
   * The precondition is the Deployment as it was judged: whoever scaled or changed it since wins. A gateway that holds
   * a request by then finds zero replicas and wakes it again.
   */
  async #scale(deployment: Deployment, idleMs: number): Promise<void> {
    const { client, clock, log, events } = this.#options;
    const ref = refOf(deployment);
    const resourceVersion = deployment.metadata?.resourceVersion;
    const options = { fieldManager: scaleFieldManager };
    try {
      const patch = { metadata: { resourceVersion }, spec: { replicas: 0 } };
      await client.scale.mergePatch(deployments, ref, patch, options);
    } catch (error) {
      if (isConflict(error)) log.debug(ref, 'deployment changed meanwhile, judging it again');
      else log.error({ ...ref, cause: messageOf(error) }, 'scale to zero failed, trying again');
      return;
    }
    log.info({ ...ref, idleMs: Math.round(idleMs) }, 'scaled to zero');
    const why = `${formatTime(clock.now())} to zero after ${Math.round(idleMs / 1000)}s without demand`;
    const note = { metadata: { annotations: { [annotations.lastScaled]: why } } };
    await client.mergePatch(deployments, ref, note, options).catch((error: unknown) => {
      // It is at zero all the same, and the event below tells it too.
      log.warn({ ...ref, cause: messageOf(error) }, 'the reason of the scale could not be noted');
    });
    const endpoint = this.#endpointOf(deployment);
    if (endpoint === undefined) return;
    events.record(regardingOf({ ...endpoint, apiVersion, kind: 'ServingEndpoint' }), {
      type: 'Normal',
      reason: 'ScaledToZero',
      action: 'Scale',
      note: `${ref.name} went to zero after ${Math.round(idleMs / 1000)}s without demand`,
    });
  }
}
