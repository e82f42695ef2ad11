/** Owns the API server's public face: what it is started with, what it offers to its process, and how it is put together. */
import type { Clock } from '../../platform/clock.ts';
import { systemClock } from '../../platform/clock.ts';
import type { ListenAddress } from '../../platform/listener.ts';
import type { Logger } from '../../platform/logging.ts';
import { startAggregator } from './aggregation/aggregator.ts';
import { startProbes } from './aggregation/availability.ts';
import type { RunningAggregator } from './aggregation/aggregator.ts';
import { makeAuthenticator } from './authn/authenticator.ts';
import { makeTokenIssuer } from './authn/token-issuer.ts';
import type { ServiceAccountTokenRequest } from './authn/token-issuer.ts';
import { makeAuthorizer } from './authz/rbac.ts';
import { bootstrapObjects, publishApiService } from './bootstrap.ts';
import { makeBuiltinTypes } from './builtin/builtin-types.ts';
import { makeLocalClient } from './client/in-process-client.ts';
import type { LocalClient } from './client/local-client.ts';
import { startDefinitionController } from './crd/definition-controller.ts';
import { noSuchResource } from './errors/api-error.ts';
import { startGarbageCollector } from './gc/garbage-collector.ts';
import { startHttpServer } from './http/server.ts';
import {
  loadIdentity,
  makeProxyClientCertificate,
  makeServingCertificate,
} from './identity/server-identity.ts';
import type { ServerIdentity } from './identity/server-identity.ts';
import { makeAdmission } from './namespaces/admission.ts';
import { startNamespaceController } from './namespaces/namespace-controller.ts';
import type { NodeServices } from './node-services.ts';
import { Lister } from './pipeline/read.ts';
import type { Core } from './pipeline/request-context.ts';
import { startQuotaController } from './quota/quota-controller.ts';
import { Registry } from './resources/registry.ts';
import { startEventExpiry } from './storage/event-expiry.ts';
import { Journal, recoverObjects } from './storage/journal.ts';
import { ObjectStore } from './storage/object-store.ts';

export interface ApiServerOptions {
  /** Holds the objects, the certificate authority and the keys between two starts. */
  readonly stateDir: string;
  readonly address: ListenAddress;
  readonly log: Logger;
  readonly clock?: Clock;
  /** How many changes of each kind a watch can resume behind; for tests of what happens beyond. */
  readonly watchHistory?: number;
}

export interface ApiServer {
  readonly address: ListenAddress;
  /** `https://127.0.0.1:<port>` */
  readonly url: string;
  /** The certificate authority that signed the serving certificate. */
  readonly caPem: string;
  /** The bearer token of user `admin` in group `system:masters`. */
  readonly adminToken: string;
  /** `name` is the field manager of what the component writes. */
  localClient(name: string): LocalClient;
  /** @throws ApiError 404 where the ServiceAccount does not exist. */
  issueServiceAccountToken(
    request: ServiceAccountTokenRequest,
  ): Promise<{ readonly token: string; readonly expiresAt: number }>;
  setNodeServices(services: NodeServices): void;
  stop(): Promise<void>;
}

/** Versions jump at each start: a crash may have lost the last writes, and a version must never mean two states. */
const versionsPerStart = 1_000;

/**
 * Starts the API server on what the state directory holds.
 *
 * @throws AppError where the address cannot be listened on; Error where the state cannot be read.
 */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { log, stateDir, clock = systemClock } = options;
  const identity = await loadIdentity(stateDir, clock.now());
  const { store, journal } = await openStore(options);
  const registry = new Registry();
  for (const type of makeBuiltinTypes()) registry.add(type);
  const core: Core = { store, registry, clock, admission: makeAdmission(store, () => clock.now()) };
  const parts = await startParts({ core, identity, log });

  const issuer = await makeTokenIssuer(identity.tokenKey, store, clock);
  let nodeServices: NodeServices | undefined;
  const deps = {
    core,
    lister: new Lister(store, () => clock.now()),
    registry,
    authenticator: makeAuthenticator(identity.adminToken, issuer),
    authorizer: makeAuthorizer(store),
    issuer,
    aggregator: parts.aggregator,
    nodeServices: () => nodeServices,
    remoteGroups: () => parts.aggregator.remoteGroups(),
    log,
  };
  const certificate = await makeServingCertificate(identity, options.address.host, clock.now());
  const http = await startHttpServer(deps, { address: options.address, certificate }).catch(
    async (error: unknown) => {
      await parts.stop();
      await journal.stop();
      throw error;
    },
  );
  publishApiService(parts.localClient('kube-apiserver'), http.address);
  return {
    address: http.address,
    url: `https://${http.address.host}:${http.address.port}`,
    caPem: identity.authority.certificatePem,
    adminToken: identity.adminToken,
    localClient: parts.localClient,
    issueServiceAccountToken: (request) => issuer.issue(request),
    setNodeServices: (services) => {
      nodeServices = services;
    },
    stop: async () => {
      for (const part of [http, parts, journal]) await part.stop();
    },
  };
}

interface Parts {
  readonly aggregator: RunningAggregator;
  readonly localClient: (name: string) => LocalClient;
  stop(): Promise<void>;
}

/** Starts what follows the store and acts on it: custom kinds, namespaces, garbage collection, aggregated APIs. */
async function startParts(options: {
  readonly core: Core;
  readonly identity: ServerIdentity;
  readonly log: Logger;
}): Promise<Parts> {
  const { core, identity, log } = options;
  const { store, registry, clock } = core;
  const now = (): number => clock.now();
  const aggregator = startAggregator({
    store,
    clientCertificate: await makeProxyClientCertificate(identity, clock.now()),
  });
  const localClient = (name: string): LocalClient =>
    makeLocalClient(core, name, (path) => getRemotePath(aggregator, path, name));
  const client = localClient('kube-apiserver');
  const caPem = identity.authority.certificatePem;
  const definitions = startDefinitionController({ store, registry, client, now, log });
  bootstrapObjects(client, identity.proxyAuthority.certificatePem);
  const namespaces = startNamespaceController({ store, registry, client, caPem, log });
  const collector = startGarbageCollector({ store, registry, client: localClient('garbage-collector'), log });
  const quotas = startQuotaController({ store, client: localClient('quota-controller'), now, log });
  const probes = startProbes({ store, client, aggregator, now, log });
  const expiry = startEventExpiry(store, now);
  return {
    aggregator,
    localClient,
    stop: async () => {
      for (const part of [expiry, quotas, probes, aggregator, collector, namespaces, definitions])
        await part.stop();
    },
  };
}

async function openStore(options: ApiServerOptions): Promise<{ store: ObjectStore; journal: Journal }> {
  const { log, stateDir } = options;
  const recovered = await recoverObjects(stateDir);
  const store = new ObjectStore({
    startVersion: recovered.version + versionsPerStart,
    ...(options.watchHistory === undefined ? {} : { historySize: options.watchHistory }),
    onListenerError: (error) => log.error({ error }, 'a watch of the store failed'),
  });
  for (const { storage, object } of recovered.objects) store.restore(storage, object);
  const readAll = (): typeof recovered => ({
    version: store.version,
    objects: store
      .storages()
      .flatMap((storage) => store.list(storage).items.map((object) => ({ storage, object }))),
  });
  const journal = new Journal({ directory: stateDir, log, readAll });
  // The log of the last run is folded in first: its end may be torn, and must not come to lie inside a new one.
  await journal.compact();
  store.log = journal;
  return { store, journal };
}

async function getRemotePath(aggregator: RunningAggregator, path: string, name: string): Promise<unknown> {
  const [root, group = '', version = ''] = path.slice(1).split('/');
  if (root !== 'apis') throw noSuchResource();
  const user = { username: `system:devcluster:${name}`, groups: ['system:masters'] };
  return aggregator.getJson(group, version, path, user);
}
