/** Owns a Kubernetes API for tests of the gateway: an HTTP server with the few resources that the gateway touches. */
import type { ServerResponse } from 'node:http';
import type { ServerOptions } from 'node:https';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { servingEndpointSchema } from '../../crds/schema/serving-endpoint.ts';
import type { EndpointSlice } from '../../kube/kinds.ts';
import {
  isStream,
  json,
  refusal,
  refusesStreams,
  startFakeApiServer,
} from '../../kube/testing/fake-api-server.ts';
import type { Answer, FakeApiServer, RecordedRequest } from '../../kube/testing/fake-api-server.ts';

/** One kind of object, and who watches it. */
class Collection {
  readonly objects = new Map<string, { metadata?: object | undefined }>();
  readonly #watches = new Set<ServerResponse>();
  /** All that has happened, with the version at which it did: a watch may begin in the past. */
  readonly #log: { readonly version: number; readonly line: string }[] = [];

  set(key: string, object: { metadata?: object | undefined }, version: number): void {
    const type = this.objects.has(key) ? 'MODIFIED' : 'ADDED';
    const stamped = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    this.objects.set(key, stamped);
    this.#tell(type, stamped, version);
  }

  delete(key: string, version: number): void {
    const gone = this.objects.get(key);
    this.objects.delete(key);
    if (gone !== undefined) this.#tell('DELETED', gone, version);
  }

  watch(response: ServerResponse, since: number): void {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    for (const { version, line } of this.#log) if (version > since) response.write(line);
    this.#watches.add(response);
    response.on('close', () => this.#watches.delete(response));
  }

  #tell(type: string, object: object, version: number): void {
    const line = `${JSON.stringify({ type, object })}\n`;
    this.#log.push({ version, line });
    for (const watch of this.#watches) watch.write(line);
  }
}

export interface FakePod {
  readonly host: string;
  readonly port: number;
  readonly ready: boolean;
}

const endpointsPath = '/apis/serving.fairlead.dev/v1alpha1/servingendpoints';
const slicesPath = '/apis/discovery.k8s.io/v1/endpointslices';
const tokenReviewsPath = '/apis/authentication.k8s.io/v1/tokenreviews';
const accessReviewsPath = '/apis/authorization.k8s.io/v1/subjectaccessreviews';
const scalePattern = /^\/apis\/apps\/v1\/namespaces\/([^/]+)\/deployments\/([^/]+)\/scale$/;

export class ClusterFixture {
  readonly api: FakeApiServer;
  /** Who a token belongs to. */
  readonly tokens = new Map([['alice-token', { username: 'alice', groups: ['tasters'] }]]);
  /** Users that may query everything. */
  readonly permitted = new Set(['alice']);
  /** `namespace/deployment` → replicas. */
  readonly scales = new Map<string, number>();
  /** Scale writes that succeeded, as `namespace/deployment=replicas`. */
  readonly scaleWrites: string[] = [];
  /** Called after each of them. */
  onScaled: (deployment: string, replicas: number) => void = () => undefined;
  /** While set, every request is answered 500. */
  broken = false;
  readonly #endpoints = new Collection();
  readonly #slices = new Collection();
  readonly #scaleVersions = new Map<string, number>();
  #version = 1;

  constructor(api: FakeApiServer) {
    this.api = api;
    const at = (path: string, answer: Answer): void => api.always((request) => request.path === path, answer);
    at(endpointsPath, (response, request) => this.#answerCollection(this.#endpoints, response, request));
    at(slicesPath, (response, request) => this.#answerCollection(this.#slices, response, request));
    at(tokenReviewsPath, (response, request) => {
      const { spec } = JSON.parse(request.body) as { spec: { token: string } };
      const user = this.tokens.get(spec.token);
      json({ status: { authenticated: user !== undefined, user } }, 201)(response, request);
    });
    at(accessReviewsPath, (response, request) => {
      const { spec } = JSON.parse(request.body) as { spec: { user: string } };
      json({ status: { allowed: this.permitted.has(spec.user) } }, 201)(response, request);
    });
    api.always(
      ({ path }) => scalePattern.test(path),
      (response, request) => this.#answerScale(response, request),
    );
    api.always(() => this.broken, refusal(500, 'InternalError', 'etcd is on holiday'));
  }

  setEndpoint(endpoint: ServingEndpoint): void {
    this.#version += 1;
    const { namespace = '', name } = endpoint.metadata;
    this.#endpoints.set(`${namespace}/${name}`, endpoint, this.#version);
  }

  deleteEndpoint(namespace: string, name: string): void {
    this.#version += 1;
    this.#endpoints.delete(`${namespace}/${name}`, this.#version);
  }

  /** Says which pods a Deployment's Service has. */
  setPods(namespace: string, deployment: string, pods: readonly FakePod[]): void {
    this.#version += 1;
    this.#slices.set(`${namespace}/${deployment}`, sliceOf(namespace, deployment, pods), this.#version);
  }

  /** The newest version of an endpoint (`namespace/name`) or of a Deployment's pods (`namespace/deployment`). */
  versionOf(kind: 'endpoint' | 'pods', key: string): string | undefined {
    const { metadata } = (kind === 'endpoint' ? this.#endpoints : this.#slices).objects.get(key) ?? {};
    return (metadata as { resourceVersion?: string } | undefined)?.resourceVersion;
  }

  stop(): Promise<void> {
    return this.api.stop();
  }

  #answerCollection(collection: Collection, response: ServerResponse, request: RecordedRequest): void {
    if (isStream(request)) {
      refusesStreams(response, request);
      return;
    }
    if (request.query.has('watch')) {
      collection.watch(response, Number(request.query.get('resourceVersion')));
      return;
    }
    const items = [...collection.objects.values()];
    json({ metadata: { resourceVersion: String(this.#version) }, items })(response, request);
  }

  #answerScale(response: ServerResponse, request: RecordedRequest): void {
    const [, namespace = '', name = ''] = scalePattern.exec(request.path) ?? [];
    const key = `${namespace}/${name}`;
    const version = this.#scaleVersions.get(key) ?? 1;
    if (!this.scales.has(key)) {
      refusal(404, 'NotFound', `deployments.apps "${name}" not found`)(response, request);
      return;
    }
    if (request.method === 'PATCH') {
      const patch = JSON.parse(request.body) as {
        metadata: { resourceVersion: string };
        spec: { replicas: number };
      };
      if (patch.metadata.resourceVersion !== String(version)) {
        refusal(409, 'Conflict', 'the object has been modified')(response, request);
        return;
      }
      this.#scaleVersions.set(key, version + 1);
      this.scales.set(key, patch.spec.replicas);
      this.scaleWrites.push(`${key}=${patch.spec.replicas}`);
      this.onScaled(name, patch.spec.replicas);
    }
    const replicas = this.scales.get(key) ?? 0;
    const resourceVersion = String(this.#scaleVersions.get(key) ?? 1);
    // As Kubernetes does: a scale of zero is left out.
    const spec = replicas === 0 ? {} : { replicas };
    json({ kind: 'Scale', metadata: { namespace, name, resourceVersion }, spec })(response, request);
  }
}

/** Starts the API; with `tls`, over HTTPS. */
export async function startClusterFixture(tls?: ServerOptions): Promise<ClusterFixture> {
  return new ClusterFixture(await startFakeApiServer(tls));
}

function sliceOf(namespace: string, deployment: string, pods: readonly FakePod[]): EndpointSlice {
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

/** Returns the same, with its one entity failed. */
export function aFailedWineEndpoint(reason: string, message: string): ServingEndpoint {
  return aWineEndpoint((endpoint) => ({
    ...endpoint,
    status: {
      ...endpoint.status,
      servedEntities: [{ name: 'wine-1', configVersion: 1, state: 'Failed', reason, message }],
    },
  }));
}
