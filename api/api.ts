/** Owns the api process as a whole: what it watches, the application behind its port, and how it starts and ends. */
import type { ServingEndpoint } from '../crds/schema/serving-endpoint.ts';
import type { KubeClient } from '../kube/client.ts';
import { startIdentity } from '../kube/identity/identity.ts';
import type { Informer } from '../kube/informer.ts';
import { startAdminServer } from '../platform/admin-server.ts';
import type { Clock } from '../platform/clock.ts';
import { Health } from '../platform/health.ts';
import type { ListenAddress } from '../platform/listener.ts';
import type { Logger } from '../platform/logging.ts';
import type { Registry } from '../platform/metrics.ts';
import { serviceAccountIdentity } from '../platform/tls/identity.ts';
import type { TlsMaterial } from '../platform/tls/tls-material.ts';
import type { WatchedFile } from '../platform/watched-file.ts';
import { makeApp } from './app.ts';
import type { ApiConfig } from './config.ts';
import type { DataPlaneKeys } from './oidc/data-plane-keys.ts';
import { issuerOf } from './routes/oidc-metadata.ts';
import { startServer } from './server.ts';

export interface ApiOptions {
  readonly config: ApiConfig;
  readonly client: KubeClient;
  /** With the index `endpointIndex`. */
  readonly endpoints: Informer<ServingEndpoint>;
  readonly tls: WatchedFile<TlsMaterial>;
  readonly keys: WatchedFile<DataPlaneKeys>;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly log: Logger;
}

export interface Api {
  readonly address: ListenAddress;
  readonly admin: ListenAddress;
  /** Unready at once, and serves on for the configured time. */
  drain(): Promise<void>;
  stop(): Promise<void>;
}

/** Index of endpoints by the id that users see: the uid without dashes. */
export const endpointIndex = 'id';
export const endpointIdsOf = ({ metadata }: ServingEndpoint): string[] => [
  (metadata.uid ?? '').replaceAll('-', '').toLowerCase(),
];

/**
 * Starts the api; it is ready once it knows the endpoints.
 *
 * @throws AppError as `listen` does.
 */
export async function startApi(options: ApiOptions): Promise<Api> {
  const { config, endpoints, tls, keys, clock, log } = options;
  const identity = startIdentity(options);
  const { publicUrl, trustDomain, systemNamespace } = config;
  const app = makeApp({
    exchange: {
      ...identity,
      endpointOf: (id) => endpoints.store.byIndex(endpointIndex, id)[0],
      keys,
      issuer: issuerOf(publicUrl),
      clock,
    },
    publicUrl,
    log,
  });
  const health = new Health();
  health.addReadinessCheck('endpoints', () =>
    endpoints.hasSynced() ? undefined : 'the Kubernetes API has not been read yet',
  );
  const server = await startServer({
    address: { host: config.host, port: config.port },
    tls,
    gatewayIdentity: serviceAccountIdentity(trustDomain, systemNamespace, 'fairlead-gateway'),
    app,
    log,
  });
  const admin = await startAdminServer({
    address: { host: config.host, port: config.adminPort },
    health,
    registry: options.registry,
  });
  return {
    address: server.address,
    admin: admin.address,
    drain: async () => {
      health.startStopping();
      await new Promise((resolve) => setTimeout(resolve, config.drainMs));
    },
    stop: async () => {
      await server.stop(config.shutdownGraceMs);
      identity.stop();
      await admin.stop();
    },
  };
}
