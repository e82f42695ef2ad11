/** Owns the servers that every operator runs, whether it leads or not: demand (mTLS), external metrics, admission (TLS). */
import { once } from 'node:events';
import type { FetchBook } from '../core/fetching/fetch-book.ts';
import type { ShareBook } from '../core/quota/share-book.ts';
import type { StoreBook } from '../core/quota/store-book.ts';
import type { DemandBook } from '../core/scaling/demand-book.ts';
import { labels } from '../crds/schema/api.ts';
import { startInformer } from '../kube/informer.ts';
import type { KubeMetrics } from '../kube/kube-metrics.ts';
import { configMaps } from '../kube/kinds.ts';
import type { KubeTransport } from '../kube/transport.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logging.ts';
import { serviceAccountIdentity } from '../platform/tls/identity.ts';
import type { Registry } from '../platform/metrics.ts';
import { startAdmission } from './admission/start-admission.ts';
import type { OperatorTls } from './certificates/operator-tls.ts';
import { gatewayServiceAccount, operatorServiceAccount } from './certificates/system-names.ts';
import type { OperatorConfig } from './config/operator-config.ts';
import { startLeaderConcurrencyReader } from './demand-server/ask-leader.ts';
import { startDemandServer } from './demand-server/server.ts';
import type { DomainMetrics } from './domain-metrics/declare.ts';
import { followFrontProxy, frontProxyConfigMap } from './metrics-adapter/front-proxy.ts';
import { startMetricsServer } from './metrics-adapter/server.ts';
import { DirectionsBook } from './route-optimised/directions-book.ts';
import type { ReadConcurrency } from './scaling/concurrency-reader.ts';
import type { Informers } from './stores.ts';

export interface ServingOptions {
  readonly config: OperatorConfig;
  readonly transport: KubeTransport;
  readonly informers: Informers;
  readonly tls: OperatorTls;
  readonly book: DemandBook;
  readonly fetches: FetchBook;
  readonly shares: ShareBook;
  readonly limitStore: StoreBook;
  /** Of this process' own book. */
  readonly readConcurrency: ReadConcurrency;
  readonly isLeader: () => boolean;
  /** `host:port` of the leader's demand server. */
  readonly leaderAddress: () => string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: KubeMetrics;
  readonly registry: Registry;
  readonly domainMetrics: DomainMetrics;
  /** Ends the wait for a certificate. */
  readonly signal: AbortSignal;
}

/**
 * Starts the servers once there is a certificate. Returns undefined when told to stop before.
 *
 * @throws AppError as `listen` does.
 */
export async function startServing(options: ServingOptions): Promise<{ stop(): Promise<void> } | undefined> {
  const { config, informers, tls, isLeader, leaderAddress, log } = options;
  const identityOf = (serviceAccount: string): string =>
    serviceAccountIdentity(config.trustDomain, config.systemNamespace, serviceAccount);
  const operatorIdentity = identityOf(operatorServiceAccount);
  const readOwn = options.readConcurrency;
  await Promise.race([tls.ready, aborted(options.signal)]);
  if (options.signal.aborted) return undefined;
  const leader = startLeaderConcurrencyReader({ leaderAddress, tls, operatorIdentity });
  const readConcurrency: ReadConcurrency = (namespace, deployment) =>
    (isLeader() ? readOwn : leader.read)(namespace, deployment);
  const directions = new DirectionsBook(informers);
  const demand = await startDemandServer({
    ...options,
    directions,
    address: { host: config.bindHost, port: config.demandPort },
    authority: {
      trustDomain: config.trustDomain,
      gatewayIdentity: identityOf(gatewayServiceAccount),
      endpointOf: (namespace, deployment) =>
        informers.deployments.store.get(`${namespace}/${deployment}`)?.metadata?.labels?.[labels.endpoint],
      deploymentOf: (namespace, pod) =>
        informers.pods.store.get(`${namespace}/${pod}`)?.metadata?.labels?.[labels.deployment],
    },
    operatorIdentity,
    readConcurrency: readOwn,
  });
  const frontProxy = startFrontProxyInformer(options);
  const metrics = await startMetricsServer({
    ...options,
    address: { host: config.bindHost, port: config.metricsPort },
    frontProxy: followFrontProxy(frontProxy),
    onFrontProxyChange: (listener) => frontProxy.onChange(listener),
    readConcurrency,
    windowMs: config.scaling.stableWindow,
  });
  const admission = await startAdmission(options);
  const addresses = { demand: demand.address, metrics: metrics.address, admission: admission.address };
  log.info(addresses, 'servers started');
  return {
    stop: async () => {
      await Promise.all([demand.stop(), metrics.stop(), admission.stop(), frontProxy.stop()]);
      directions.stop();
      await leader.stop();
    },
  };
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

const startFrontProxyInformer = ({ transport, log, metrics }: ServingOptions) =>
  startInformer({
    transport,
    kind: configMaps,
    namespace: frontProxyConfigMap.namespace,
    fieldSelector: `metadata.name=${frontProxyConfigMap.name}`,
    log,
    metrics,
  });
