/** Owns the write of a scale by the operator: with its precondition, its reason on the Deployment, its event. */
import { annotations, apiVersion } from '../../crds/schema/api.ts';
import { isConflict } from '../../kube/api-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import { regardingOf } from '../../kube/events.ts';
import type { EventRecorder } from '../../kube/events.ts';
import { deployments } from '../../kube/kinds.ts';
import type { Deployment } from '../../kube/kinds.ts';
import { refOf } from '../../kube/resource.ts';
import type { Clock } from '../../platform/clock.ts';
import { messageOf } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logging.ts';
import type { DomainMetrics } from '../domain-metrics/declare.ts';
import { directionOf } from '../domain-metrics/direction-of.ts';
import { formatTime } from '../serving-endpoint/conditions.ts';
import { scaleFieldManager } from '../serving-endpoint/names.ts';
import type { Stores } from '../stores.ts';
import { endpointOf } from './endpoint-of.ts';

export interface ReplicaWriterOptions {
  readonly stores: Pick<Stores, 'endpoints'>;
  readonly client: KubeClient;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly domainMetrics: DomainMetrics;
}

export interface ReplicaChange {
  readonly replicas: number;
  /** Of the event. */
  readonly reason: string;
  /** As in `went to zero after 10s without demand`: what follows the name of the Deployment. */
  readonly note: string;
}

export class ReplicaWriter {
  readonly #options: ReplicaWriterOptions;

  constructor(options: ReplicaWriterOptions) {
    this.#options = options;
  }

  /**
   * Sets the replicas; returns whether that was done. The precondition is the Deployment as it was judged: whoever
   * scaled or changed it since wins. A gateway that holds a request by then finds zero replicas and wakes it again.
   */
  async write(deployment: Deployment, change: ReplicaChange): Promise<boolean> {
    const { client, log } = this.#options;
    const ref = refOf(deployment);
    const { replicas, note } = change;
    const patch = {
      metadata: { resourceVersion: deployment.metadata?.resourceVersion },
      spec: { replicas },
    };
    try {
      await client.scale.mergePatch(deployments, ref, patch, { fieldManager: scaleFieldManager });
    } catch (error) {
      if (isConflict(error)) log.debug(ref, 'deployment changed meanwhile, judging it again');
      else log.error({ ...ref, replicas, cause: messageOf(error) }, 'scaling failed, trying again');
      return false;
    }
    log.info({ ...ref, replicas, note }, 'scaled');
    const direction = directionOf(deployment.spec?.replicas ?? 1, replicas);
    this.#options.domainMetrics.scaleChanges.inc({ writer: 'operator', direction });
    await this.#explain(deployment, change);
    return true;
  }

  async #explain(deployment: Deployment, { reason, note }: ReplicaChange): Promise<void> {
    const { client, stores, events, clock, log } = this.#options;
    const ref = refOf(deployment);
    const why = `${formatTime(clock.now())} ${note}`;
    const patch = { metadata: { annotations: { [annotations.lastScaled]: why } } };
    await client
      .mergePatch(deployments, ref, patch, { fieldManager: scaleFieldManager })
      .catch((error: unknown) => {
        // It is scaled all the same, and the event below tells it too.
        log.warn({ ...ref, cause: messageOf(error) }, 'the reason of the scale could not be noted');
      });
    const endpoint = endpointOf(stores, deployment);
    if (endpoint === undefined) return;
    events.record(regardingOf({ ...endpoint, apiVersion, kind: 'ServingEndpoint' }), {
      type: 'Normal',
      reason,
      action: 'Scale',
      note: `${ref.name} ${note}`,
    });
  }
}
