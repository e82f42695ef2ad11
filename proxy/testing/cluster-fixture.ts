/** Owns a Kubernetes API for tests of the gateway: an HTTP server with the few resources that the gateway touches. */
import type { ServerResponse } from 'node:http';
import type { ServerOptions } from 'node:https';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { servingEndpointSchema } from '../../crds/schema/serving-endpoint.ts';
import type { EndpointSlice } from '../../kube/kinds.ts';
import { json, refusal, startFakeApiServer } from '../../kube/testing/fake-api-server.ts';
import type { FakeApiServer, RecordedRequest } from '../../kube/testing/fake-api-server.ts';

interface Collection {
  readonly path: string;
  readonly objects: Map<string, { metadata?: object | undefined }>;
  readonly watches: Set<ServerResponse>;
  /** All that has happened, with the version at which it did. */
  readonly log: { readonly version: number; readonly line: string }[];
}

export interface ClusterFixture {
  readonly api: FakeApiServer;
  /** Who a token belongs to. */
  readonly tokens: Map<string, { username: string; groups: string[] }>;
  /** Users that may query everything. */
  readonly permitted: Set<string>;
  /** `namespace/deployment` → replicas. */
  readonly scales: Map<string, number>;
  /** Scale writes that succeeded, as `namespace/deployment=replicas`. */
  readonly scaleWrites: string[];
  /** Called after each of them. */
  onScaled: (deployment: string, replicas: number) => void;
  /** While set, every request is answered 500. */
  broken: boolean;
  setEndpoint(endpoint: ServingEndpoint): void;
  deleteEndpoint(namespace: string, name: string): void;
  /** The newest version of an endpoint (`namespace/name`) or of a Deployment's pods (`namespace/deployment`). */
  versionOf(kind: 'endpoint' | 'pods', key: string): string | undefined;
  /** Says which pods a Deployment's Service has. */
  setPods(
    namespace: string,
    deployment: string,
    pods: readonly { host: string; port: number; ready: boolean }[],
  ): void;
  stop(): Promise<void>;
}

const endpointsPath = '/apis/serving.fairlead.dev/v1alpha1/servingendpoints';
const slicesPath = '/apis/discovery.k8s.io/v1/endpointslices';
const scalePattern = /^\/apis\/apps\/v1\/namespaces\/([^/]+)\/deployments\/([^/]+)\/scale$/;

/** Starts the API; with `tls`, over HTTPS. */
export async function startClusterFixture(tls?: ServerOptions): Promise<ClusterFixture> {
  const api = await startFakeApiServer(tls);
  let version = 1;
  const collection = (path: string): Collection => ({
    path,
    objects: new Map(),
    watches: new Set(),
    log: [],
  });
  const endpoints = collection(endpointsPath);
  const slices = collection(slicesPath);
  const scaleVersions = new Map<string, number>();
  const emit = (target: Collection, type: string, object: object): void => {
    const line = `${JSON.stringify({ type, object })}\n`;
    target.log.push({ version, line });
    for (const watch of target.watches) watch.write(line);
  };
  const put = (target: Collection, key: string, object: { metadata?: object | undefined }): void => {
    version += 1;
    const type = target.objects.has(key) ? 'MODIFIED' : 'ADDED';
    const stamped = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    target.objects.set(key, stamped);
    emit(target, type, stamped);
  };
  const cluster: ClusterFixture = {
    api,
    tokens: new Map([['alice-token', { username: 'alice', groups: ['tasters'] }]]),
    permitted: new Set(['alice']),
    scales: new Map(),
    scaleWrites: [],
    onScaled: () => undefined,
    broken: false,
    setEndpoint: (endpoint) =>
      put(endpoints, `${endpoint.metadata.namespace ?? ''}/${endpoint.metadata.name}`, endpoint),
    deleteEndpoint: (namespace, name) => {
      const gone = endpoints.objects.get(`${namespace}/${name}`);
      endpoints.objects.delete(`${namespace}/${name}`);
      version += 1;
      if (gone !== undefined) emit(endpoints, 'DELETED', gone);
    },
    setPods: (namespace, deployment, pods) =>
      put(slices, `${namespace}/${deployment}`, sliceOf(namespace, deployment, pods)),
    versionOf: (kind, key) => {
      const { metadata } = (kind === 'endpoint' ? endpoints : slices).objects.get(key) ?? {};
      return (metadata as { resourceVersion?: string } | undefined)?.resourceVersion;
    },
    stop: () => api.stop(),
  };
  for (const target of [endpoints, slices]) {
    api.always(
      ({ path }) => path === target.path,
      (response, { query }) => {
        if (query.has('watch')) {
          startWatch(target, response, Number(query.get('resourceVersion')));
          return;
        }
        const items = [...target.objects.values()];
        json({ metadata: { resourceVersion: String(version) }, items })(response, emptyRequest);
      },
    );
  }
  api.always(
    ({ path }) => path === '/apis/authentication.k8s.io/v1/tokenreviews',
    (response, { body }) => {
      const { spec } = JSON.parse(body) as { spec: { token: string } };
      const user = cluster.tokens.get(spec.token);
      json({ status: user === undefined ? { authenticated: false } : { authenticated: true, user } }, 201)(
        response,
        emptyRequest,
      );
    },
  );
  api.always(
    ({ path }) => path === '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    (response, { body }) => {
      const { spec } = JSON.parse(body) as { spec: { user: string } };
      json({ status: { allowed: cluster.permitted.has(spec.user) } }, 201)(response, emptyRequest);
    },
  );
  api.always(
    ({ path }) => scalePattern.test(path),
    (response, request) => answerScale(cluster, scaleVersions, response, request),
  );
  api.always(() => cluster.broken, refusal(500, 'InternalError', 'etcd is on holiday'));
  return cluster;
}

const emptyRequest: RecordedRequest = {
  method: 'GET',
  path: '',
  query: new URLSearchParams(),
  headers: {},
  body: '',
};

function startWatch(target: Collection, response: ServerResponse, since: number): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  for (const { version, line } of target.log) if (version > since) response.write(line);
  target.watches.add(response);
  response.on('close', () => target.watches.delete(response));
}

function answerScale(
  cluster: ClusterFixture,
  versions: Map<string, number>,
  response: ServerResponse,
  request: RecordedRequest,
): void {
  const [, namespace = '', name = ''] = scalePattern.exec(request.path) ?? [];
  const key = `${namespace}/${name}`;
  const replicas = cluster.scales.get(key);
  if (replicas === undefined) {
    refusal(404, 'NotFound', `deployments.apps "${name}" not found`)(response, request);
    return;
  }
  const version = versions.get(key) ?? 1;
  if (request.method === 'PATCH') {
    const patch = JSON.parse(request.body) as {
      metadata: { resourceVersion: string };
      spec: { replicas: number };
    };
    if (patch.metadata.resourceVersion !== String(version)) {
      refusal(409, 'Conflict', 'the object has been modified')(response, request);
      return;
    }
    versions.set(key, version + 1);
    cluster.scales.set(key, patch.spec.replicas);
    cluster.scaleWrites.push(`${key}=${patch.spec.replicas}`);
    cluster.onScaled(name, patch.spec.replicas);
  }
  const now = cluster.scales.get(key) ?? 0;
  // As Kubernetes does: a scale of zero is left out.
  json({
    kind: 'Scale',
    metadata: { namespace, name, resourceVersion: String(versions.get(key) ?? 1) },
    spec: now === 0 ? {} : { replicas: now },
  })(response, request);
}

function sliceOf(
  namespace: string,
  deployment: string,
  pods: readonly { host: string; port: number; ready: boolean }[],
): EndpointSlice {
  return {
    metadata: {
      namespace,
      name: `${deployment}-abcde`,
      uid: `slice-of-${deployment}`,
      labels: { 'kubernetes.io/service-name': deployment },
    },
    addressType: 'IPv4',
    ports: [{ name: 'https', port: pods[0]?.port ?? 8443, protocol: 'TCP' }],
    endpoints: pods.map(({ host, ready }) => ({ addresses: [host], conditions: { ready } })),
  };
}

/** Returns the endpoint `team-a/wine`, whose one entity is routed to the Deployment `wine-0123456789`. */
export function aWineEndpoint(
  change: (endpoint: ServingEndpoint) => ServingEndpoint = (it) => it,
): ServingEndpoint {
  return change(
    servingEndpointSchema.parse({
      apiVersion: 'serving.fairlead.dev/v1alpha1',
      kind: 'ServingEndpoint',
      metadata: { namespace: 'team-a', name: 'wine', uid: 'u-1' },
      spec: { servedEntities: [{ name: 'wine-1', model: { uri: 'models:/wine/1' } }] },
      status: {
        traffic: [{ servedEntity: 'wine-1', percent: 100, deployment: 'wine-0123456789', configVersion: 1 }],
      },
    }),
  );
}
