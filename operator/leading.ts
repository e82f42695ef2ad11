/** Owns what only the leader does: certificates, the metrics API's registration, endpoints, and their scale. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FetchBook } from '../core/fetching/fetch-book.ts';
import type { KubeClient } from '../kube/client.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { KubeMetrics } from '../kube/kube-metrics.ts';
import { keyOf } from '../kube/resource.ts';
import type { Clock } from '../platform/clock.ts';
import { messageOf } from '../platform/errors.ts';
import type { Logger } from '../platform/logging.ts';
import { WebhookTrust } from './admission/webhook-trust.ts';
import { reconcileAuthority } from './certificates/authority-keeper.ts';
import type { Authority } from './certificates/authority.ts';
import { Publication } from './certificates/publication.ts';
import { reconcileSystemCertificates } from './certificates/system-certificates.ts';
import { ChildWriter } from './children/apply-child.ts';
import type { OperatorConfig } from './config/operator-config.ts';
import { reconcileDataPlaneKeys } from './data-plane-keys/key-keeper.ts';
import type { PublishedKeys } from './data-plane-keys/key-keeper.ts';
import {
  apiServiceName,
  metricsApiStateOf,
  reconcileApiService,
} from './metrics-adapter/reconcile-api-service.ts';
import type { DomainMetrics } from './domain-metrics/declare.ts';
import { isRotationAsked, restInMs, sameKeys } from './rotation.ts';
import type { ReadConcurrency } from './scaling/concurrency-reader.ts';
import { startFollowingDemand } from './scaling/follow-demand.ts';
import type { Idleness } from './scaling/idleness.ts';
import { ReplicaWriter } from './scaling/replica-writer.ts';
import { startScaleToZero } from './scaling/scale-to-zero.ts';
import { probeNativeZero } from './scaling/scaling-mode.ts';
import type { ScalingMode } from './scaling/scaling-mode.ts';
import { startServingEndpointController } from './serving-endpoint/controller.ts';
import { makeReconcile } from './serving-endpoint/reconcile.ts';
import { startRuntimeControllers } from './serving-runtime/controller.ts';
import { allInformers } from './stores.ts';
import type { Informers } from './stores.ts';

export interface LeadingOptions {
  readonly config: OperatorConfig;
  /** Fenced: it writes only while this process leads. */
  readonly client: KubeClient;
  readonly informers: Informers;
  readonly idleness: Idleness;
  readonly fetches: FetchBook;
  /** Of this process' own book. */
  readonly readConcurrency: ReadConcurrency;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: KubeMetrics;
  readonly domainMetrics: DomainMetrics;
}

/** With what lasts as long as the leadership. */
interface Leadership extends LeadingOptions {
  readonly webhookTrust: WebhookTrust;
  readonly publication: Publication;
}

/** What the whole installation depends on; looked after once a minute. */
interface Foundations {
  readonly authority: Authority;
  readonly dataPlaneKeys: PublishedKeys;
  readonly scalingMode: ScalingMode;
}

const firstRetryMs = 250;
const longestRetryMs = 30_000;
const upkeepIntervalMs = 60_000;

/** Starts to lead; endpoints wait until there is an authority to sign their certificates. */
export function startLeading(options: LeadingOptions): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const webhookTrust = new WebhookTrust({ ...options, stores: options.informers });
  const running = lead({ ...options, webhookTrust, publication: new Publication() }, stopping.signal);
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function lead(options: Leadership, signal: AbortSignal): Promise<void> {
  const { config, informers, log, metrics, clock } = options;
  await Promise.race([Promise.all(allInformers(informers).map(({ synced }) => synced)), aborted(signal)]);
  const first = await layFoundations(options, signal);
  if (first === undefined) return;
  let foundations: Foundations = first;
  const controller = startServingEndpointController({
    informers,
    reconcile: makeReconcile({
      ...options,
      stores: informers,
      children: new ChildWriter(options.client),
      authority: () => foundations.authority,
      scalingMode: () => foundations.scalingMode,
    }),
    workers: config.workers,
    log,
    metrics,
    clock,
  });
  const unfollowFetches = options.fetches.onChange((key) => controller.queue.add(key));
  const runtimes = startRuntimeControllers(options);
  const scaling = startScaling(options, () => foundations.scalingMode);
  let rest = new AbortController();
  const unwatchApi = informers.apiServices.onChange(() => {
    if (stateOfMetricsApi(options) !== foundations.scalingMode.metricsApi) rest.abort();
  });
  // Installed again, or after the operator: until they trust it, nobody can write an endpoint.
  const unwatchWebhooks = options.webhookTrust.onLack(() => rest.abort());
  const unwatchSecrets = informers.secrets.onChange(({ object }) => {
    if (isRotationAsked(object, config.systemNamespace)) rest.abort();
  });
  for (;;) {
    const { authority, dataPlaneKeys } = foundations;
    const restMs = restInMs(upkeepIntervalMs, [authority.dueAt, dataPlaneKeys.dueAt], clock.now());
    await pause(restMs, AbortSignal.any([signal, rest.signal]));
    if (signal.aborted) break;
    rest = new AbortController();
    const next = await tryFoundations(options);
    if (next === undefined) continue;
    const isSame = sameFoundations(next, foundations);
    foundations = next;
    if (isSame) continue;
    for (const { metadata } of informers.endpoints.store.list()) controller.queue.add(keyOf(metadata));
  }
  unwatchApi();
  unwatchWebhooks();
  unwatchSecrets();
  unfollowFetches();
  await scaling.stop();
  await runtimes.stop();
  await controller.stop();
}

/** Each Deployment has one writer at a time: who that is each of the two asks before it writes. */
function startScaling(options: LeadingOptions, mode: () => ScalingMode): { stop(): Promise<void> } {
  const { config, informers: stores } = options;
  const writer = new ReplicaWriter({ ...options, stores });
  const toZero = startScaleToZero({ ...options, stores, writer });
  const following = startFollowingDemand({
    ...options,
    stores,
    mode,
    writer,
    intervalMs: config.scaling.syncPeriod,
  });
  return {
    stop: async () => {
      await Promise.all([toZero.stop(), following.stop()]);
    },
  };
}

async function layFoundations(options: Leadership, signal: AbortSignal): Promise<Foundations | undefined> {
  for (let waitMs = firstRetryMs; !signal.aborted; waitMs = Math.min(waitMs * 2, longestRetryMs)) {
    const foundations = await tryFoundations(options);
    if (foundations !== undefined) return foundations;
    await pause(waitMs, signal);
  }
  return undefined;
}

/** Returns undefined after a failure, which is logged and tried again: nothing here may end the process. */
async function tryFoundations(options: Leadership): Promise<Foundations | undefined> {
  try {
    const authority = await reconcileAuthority(options);
    // Whom to trust is told before anybody shows a certificate: from the first moment on webhooks can be asked.
    await options.webhookTrust.reconcile(authority.bundlePem);
    await reconcileSystemCertificates(options, authority);
    const dataPlaneKeys = await reconcileDataPlaneKeys(options);
    const { client, config, informers } = options;
    const apiService = informers.apiServices.store.get(apiServiceName);
    const metricsApi = await reconcileApiService(client, config, apiService, authority.bundlePem);
    const nativeZero = config.scaling.nativeScaleToZero
      ? await probeNativeZero(client, config.systemNamespace)
      : 'off';
    return { authority, dataPlaneKeys, scalingMode: { metricsApi, nativeZero } };
  } catch (error) {
    options.log.error(
      { cause: messageOf(error) },
      'certificates, webhooks or the metrics API are not up to date, trying again',
    );
    return undefined;
  }
}

const sameFoundations = (left: Foundations, right: Foundations): boolean =>
  left.authority.bundlePem === right.authority.bundlePem &&
  left.authority.certificatePem === right.authority.certificatePem &&
  sameKeys(left.dataPlaneKeys.keys, right.dataPlaneKeys.keys) &&
  left.scalingMode.metricsApi === right.scalingMode.metricsApi &&
  left.scalingMode.nativeZero === right.scalingMode.nativeZero;

const stateOfMetricsApi = ({ informers, config }: LeadingOptions) =>
  metricsApiStateOf(informers.apiServices.store.get(apiServiceName), config);

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {
    // Stopped while waiting: whoever waits looks at the signal next.
  });
}
