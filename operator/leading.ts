/** Owns what only the leader does: certificates, the metrics API's registration, endpoints, scale to zero. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DemandBook } from '../core/scaling/demand-book.ts';
import type { KubeClient } from '../kube/client.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { KubeMetrics } from '../kube/kube-metrics.ts';
import { keyOf } from '../kube/resource.ts';
import type { Clock } from '../platform/clock.ts';
import { messageOf } from '../platform/errors.ts';
import type { Logger } from '../platform/logging.ts';
import type { Authority } from './certificates/authority.ts';
import { reconcileSystemCertificates } from './certificates/system-certificates.ts';
import { ChildWriter } from './children/apply-child.ts';
import type { OperatorConfig } from './config/operator-config.ts';
import { reconcileApiService } from './metrics-adapter/reconcile-api-service.ts';
import type { MetricsApiState } from './metrics-adapter/reconcile-api-service.ts';
import { ScaleToZero } from './scaling/scale-to-zero.ts';
import { startServingEndpointController } from './serving-endpoint/controller.ts';
import { makeReconcile } from './serving-endpoint/reconcile.ts';
import type { Informers } from './stores.ts';

export interface LeadingOptions {
  readonly config: OperatorConfig;
  /** Fenced: it writes only while this process leads. */
  readonly client: KubeClient;
  readonly informers: Informers;
  readonly book: DemandBook;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: KubeMetrics;
}

/** What the whole installation depends on; looked after once a minute. */
interface Foundations {
  readonly authority: Authority;
  readonly metricsApi: MetricsApiState;
}

const firstRetryMs = 250;
const longestRetryMs = 30_000;
const upkeepIntervalMs = 60_000;

/** Starts to lead; endpoints wait until there is an authority to sign their certificates. */
export function startLeading(options: LeadingOptions): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const running = lead(options, stopping.signal);
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function lead(options: LeadingOptions, signal: AbortSignal): Promise<void> {
  const first = await layFoundations(options, signal);
  if (first === undefined) return;
  let foundations: Foundations = first;
  const { config, informers, log, metrics, clock } = options;
  const controller = startServingEndpointController({
    informers,
    reconcile: makeReconcile({
      ...options,
      stores: informers,
      children: new ChildWriter(options.client),
      authority: () => foundations.authority,
      metricsApi: () => foundations.metricsApi,
    }),
    workers: config.workers,
    log,
    metrics,
    clock,
  });
  const scaleToZero = new ScaleToZero({ ...options, stores: informers });
  scaleToZero.start();
  for (;;) {
    await pause(upkeepIntervalMs, signal);
    if (signal.aborted) break;
    const next = await tryFoundations(options);
    if (next === undefined || sameFoundations(next, foundations)) continue;
    foundations = next;
    for (const { metadata } of informers.endpoints.store.list()) controller.queue.add(keyOf(metadata));
  }
  await scaleToZero.stop();
  await controller.stop();
}

async function layFoundations(
  options: LeadingOptions,
  signal: AbortSignal,
): Promise<Foundations | undefined> {
  for (let waitMs = firstRetryMs; !signal.aborted; waitMs = Math.min(waitMs * 2, longestRetryMs)) {
    const foundations = await tryFoundations(options);
    if (foundations !== undefined) return foundations;
    await pause(waitMs, signal);
  }
  return undefined;
}

/** Returns undefined after a failure, which is logged and tried again: nothing here may end the process. */
async function tryFoundations(options: LeadingOptions): Promise<Foundations | undefined> {
  try {
    const authority = await reconcileSystemCertificates(options);
    const metricsApi = await reconcileApiService(options.client, options.config, authority.bundlePem);
    return { authority, metricsApi };
  } catch (error) {
    options.log.error({ cause: messageOf(error) }, 'certificates are not up to date, trying again');
    return undefined;
  }
}

const sameFoundations = (left: Foundations, right: Foundations): boolean =>
  left.authority.bundlePem === right.authority.bundlePem &&
  left.authority.certificatePem === right.authority.certificatePem &&
  left.metricsApi === right.metricsApi;

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {
    // Stopped while waiting: whoever waits looks at the signal next.
  });
}
