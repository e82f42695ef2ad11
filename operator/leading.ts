/** Owns what only the leader does: certificates, the metrics API's registration, endpoints, and their scale. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FetchBook } from '../core/fetching/fetch-book.ts';
import type { StoreBook } from '../core/quota/store-book.ts';
import type { KubeClient } from '../kube/client.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { KubeMetrics } from '../kube/kube-metrics.ts';
import { keyOf } from '../kube/resource.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logging.ts';
import { WebhookTrust } from './admission/webhook-trust.ts';
import { Publication } from './certificates/publication.ts';
import { ChildWriter } from './children/apply-child.ts';
import type { OperatorConfig } from './config/operator-config.ts';
import type { DomainMetrics } from './domain-metrics/declare.ts';
import { startFollowingLimitStore } from './follow-limit-store.ts';
import { dueInMs, layFoundations, nextLookInMs, sameFoundations } from './foundations.ts';
import type { Foundations } from './foundations.ts';
import { GatewayCertificate } from './route-optimised/gateway-certificate.ts';
import { Leaving } from './route-optimised/leaving.ts';
import type { ReadConcurrency } from './scaling/concurrency-reader.ts';
import { startFollowingDemand } from './scaling/follow-demand.ts';
import type { Idleness } from './scaling/idleness.ts';
import { ReplicaWriter } from './scaling/replica-writer.ts';
import { startScaleToZero } from './scaling/scale-to-zero.ts';
import type { ScalingMode } from './scaling/scaling-mode.ts';
import { startServingEndpointController } from './serving-endpoint/controller.ts';
import { makeReconcile } from './serving-endpoint/reconcile.ts';
import { atWorkSince } from './serving-endpoint/update-clock.ts';
import { startRuntimeControllers } from './serving-runtime/controller.ts';
import { onStaleFoundations } from './stale-foundations.ts';
import { allInformers } from './stores.ts';
import type { Informers } from './stores.ts';

export interface LeadingOptions {
  readonly config: OperatorConfig;
  /** Fenced: it writes only while this process leads. */
  readonly client: KubeClient;
  readonly informers: Informers;
  readonly idleness: Idleness;
  readonly fetches: FetchBook;
  readonly limitStore: StoreBook;
  /** Of this process' own book. */
  readonly readConcurrency: ReadConcurrency;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: KubeMetrics;
  readonly domainMetrics: DomainMetrics;
  /** When the lease was held last before, in milliseconds since the epoch; undefined: nobody knows. */
  readonly lastHeldAt: number | undefined;
}

/** With what lasts as long as the leadership. */
interface Leadership extends LeadingOptions {
  readonly webhookTrust: WebhookTrust;
  readonly publication: Publication;
}

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
  const first = await layUntilTheyStand(options, signal);
  if (first === undefined) return;
  let foundations: Foundations = first;
  const gatewayCertificate = new GatewayCertificate({ ...options, stores: informers });
  const leaving = new Leaving({ ...options, stores: informers, certificate: gatewayCertificate });
  const controller = startServingEndpointController({
    informers,
    reconcile: makeReconcile({
      ...options,
      stores: informers,
      children: new ChildWriter(options.client),
      authority: () => foundations.authority,
      scalingMode: () => foundations.scalingMode,
      dataPlaneKeys: () => foundations.dataPlaneKeys.keys,
      leaving,
      gatewayCertificate,
      leadingSince: atWorkSince(options.lastHeldAt, clock.now()),
    }),
    workers: config.workers,
    log,
    metrics,
    clock,
  });
  const told = startFollowingReports(options, (key) => controller.queue.add(key));
  const runtimes = startRuntimeControllers(options);
  leaving.onChange((key) => controller.queue.add(key));
  const scaling = startScaling({ ...options, leaving }, () => foundations.scalingMode);
  let rest = new AbortController();
  const unwatch = onStaleFoundations(
    options,
    () => foundations,
    () => rest.abort(),
  );
  for (let failures = 0; ;) {
    const restMs = Math.min(nextLookInMs(failures), dueInMs(foundations, clock.now()));
    await pause(restMs, AbortSignal.any([signal, rest.signal]));
    if (signal.aborted) break;
    rest = new AbortController();
    const next = await layFoundations(options, foundations);
    failures = next === undefined ? failures + 1 : 0;
    if (next === undefined) continue;
    const isSame = sameFoundations(next, foundations);
    foundations = next;
    if (isSame) continue;
    for (const { metadata } of informers.endpoints.store.list()) controller.queue.add(keyOf(metadata));
  }
  unwatch();
  await told.stop();
  await scaling.stop();
  await runtimes.stop();
  await controller.stop();
}

/** Has endpoints looked at when what proxies tell of them changes what is shown. */
function startFollowingReports(
  { fetches, limitStore, informers: stores, config, clock, log }: LeadingOptions,
  onChange: (key: string) => void,
): { stop(): Promise<void> } {
  const pauseMs = config.scaling.reportInterval;
  const unfollowFetches = fetches.onChange(onChange);
  const following = startFollowingLimitStore({ limitStore, stores, pauseMs, clock, log }, onChange);
  return {
    stop: async () => {
      unfollowFetches();
      await following.stop();
    },
  };
}

/** Each Deployment has one writer at a time: who that is each of the two asks before it writes. */
function startScaling(
  options: LeadingOptions & { readonly leaving: Leaving },
  mode: () => ScalingMode,
): { stop(): Promise<void> } {
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

async function layUntilTheyStand(options: Leadership, signal: AbortSignal): Promise<Foundations | undefined> {
  for (let failures = 1; !signal.aborted; failures += 1) {
    const foundations = await layFoundations(options, undefined);
    if (foundations !== undefined) return foundations;
    await pause(nextLookInMs(failures), signal);
  }
  return undefined;
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal }).catch(() => {
    // Stopped while waiting: whoever waits looks at the signal next.
  });
}
