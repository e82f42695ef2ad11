/** Owns an api process before a fake Kubernetes API, for tests. */
import { generateKeyPairSync } from 'node:crypto';
import { request } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { Registry } from 'prom-client';
import { servingEndpointSchema } from '../crds/schema/serving-endpoint.ts';
import type { ServingEndpoint } from '../crds/schema/serving-endpoint.ts';
import { makeKubeClient } from '../kube/client.ts';
import { startInformer } from '../kube/informer.ts';
import { servingEndpoints } from '../kube/kinds.ts';
import { json, refusal, startFakeApiServer } from '../kube/testing/fake-api-server.ts';
import type { FakeApiServer } from '../kube/testing/fake-api-server.ts';
import { plainTransport, silentLog } from '../kube/testing/plain-access.ts';
import type { Clock } from '../platform/clock.ts';
import { issueCertificate, makeAuthority } from '../platform/tls/authority.ts';
import type { KeyPair } from '../platform/tls/authority.ts';
import { serviceAccountIdentity } from '../platform/tls/identity.ts';
import { parseTlsMaterial } from '../platform/tls/tls-material.ts';
import type { TlsMaterial } from '../platform/tls/tls-material.ts';
import type { WatchedFile } from '../platform/watched-file.ts';
import { endpointIdsOf, endpointIndex, startApi } from './api.ts';
import type { Api } from './api.ts';
import { apiConfigSchema } from './config.ts';
import { parseDataPlaneKeys } from './oidc/data-plane-keys.ts';
import type { DataPlaneKeys } from './oidc/data-plane-keys.ts';

export interface ApiAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly json: unknown;
}

export interface ApiUnderTest {
  readonly api: Api;
  readonly kubernetes: FakeApiServer;
  /** Whose tokens are known; by token. */
  readonly tokens: Map<string, string>;
  /** `user verb name` that are allowed. */
  readonly permitted: Set<string>;
  /** While set, reviews are answered 500. */
  broken: boolean;
  readonly keys: WatchedFile<DataPlaneKeys> & { set(keys: DataPlaneKeys): void };
  /** Asks as a gateway does, or as `identity`. */
  ask(method: string, path: string, options?: AskOptions): Promise<ApiAnswer>;
  stop(): Promise<void>;
}

interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>> | string;
  readonly identity?: string;
}

const hourMs = 3_600_000;
const trustDomain = 'cluster.local';
export const publicUrl = 'https://models.example';
export const wineId = '0123456789abcdef0123456789abcdef';
const wineUid = '01234567-89ab-cdef-0123-456789abcdef';

export function aWine(change: Partial<ServingEndpoint['spec']> = {}): ServingEndpoint {
  const spec = {
    servedEntities: [{ name: 'wine-1', model: { uri: 'models:/wine/1' } }],
    routeOptimized: true,
  };
  return servingEndpointSchema.parse({
    apiVersion: 'serving.fairlead.dev/v1alpha1',
    kind: 'ServingEndpoint',
    metadata: { namespace: 'team-a', name: 'wine', uid: wineUid },
    spec: { ...spec, ...change },
  });
}

export async function startApiUnderTest(options: {
  readonly endpoints: readonly ServingEndpoint[];
  readonly keys: { readonly signing: string; readonly published: string };
  readonly clock: Clock;
}): Promise<ApiUnderTest> {
  const kubernetes = await startFakeApiServer();
  const authority = await makeAuthority({ commonName: 'test authority', now: Date.now(), validMs: hourMs });
  const material = (account: string): Promise<TlsMaterial> => materialOf(authority, account);
  const transport = plainTransport(kubernetes.url);
  const t = { tokens: new Map<string, string>(), permitted: new Set<string>(), broken: false };
  playKubernetes(kubernetes, options.endpoints, t);
  const endpoints = startInformer({
    transport,
    kind: servingEndpoints,
    indexes: { [endpointIndex]: endpointIdsOf },
    log: silentLog,
  });
  const keys = settable(parseDataPlaneKeys(options.keys.signing, options.keys.published));
  const api = await startApi({
    config: apiConfigSchema.parse({ host: '127.0.0.1', port: 0, adminPort: 0, publicUrl, drainMs: 0 }),
    client: makeKubeClient(transport),
    endpoints,
    tls: settable(await material('fairlead-api')),
    keys,
    clock: options.clock,
    registry: new Registry(),
    log: silentLog,
  });
  await endpoints.synced;
  return Object.assign(t, {
    api,
    kubernetes,
    keys,
    ask: async (method: string, path: string, { identity = 'fairlead-gateway', ...more }: AskOptions = {}) =>
      ask(api, await material(identity), method, { path, ...more }),
    stop: async () => {
      await api.stop();
      await endpoints.stop();
      await transport.close();
      await kubernetes.stop();
    },
  });
}

function playKubernetes(
  kubernetes: FakeApiServer,
  endpoints: readonly ServingEndpoint[],
  t: Pick<ApiUnderTest, 'tokens' | 'permitted' | 'broken'>,
): void {
  kubernetes.always(
    ({ path, query }) =>
      path.endsWith('/servingendpoints') && !query.has('watch') && !query.has('sendInitialEvents'),
    json({ metadata: { resourceVersion: '1' }, items: endpoints }),
  );
  kubernetes.always(
    ({ query }) => query.has('watch') && !query.has('sendInitialEvents'),
    (response) => {
      response.writeHead(200).flushHeaders();
    },
  );
  kubernetes.always(
    ({ path }) => path.endsWith('/tokenreviews'),
    (response, request) => {
      const { spec } = JSON.parse(request.body) as { spec: { token: string } };
      const username = t.tokens.get(spec.token);
      const user = username === undefined ? undefined : { username, groups: ['tasters'] };
      json({ status: { authenticated: user !== undefined, user } }, 201)(response, request);
    },
  );
  kubernetes.always(
    ({ path }) => path.endsWith('/subjectaccessreviews'),
    (response, request) => {
      const { spec } = JSON.parse(request.body) as {
        spec: { user: string; resourceAttributes: { verb: string; name: string } };
      };
      const { verb, name } = spec.resourceAttributes;
      json({ status: { allowed: t.permitted.has(`${spec.user} ${verb} ${name}`) } }, 201)(response, request);
    },
  );
  kubernetes.always(
    ({ path }) => t.broken && path.endsWith('reviews'),
    refusal(500, 'InternalError', 'etcd is on holiday'),
  );
}

async function materialOf(authority: KeyPair, account: string): Promise<TlsMaterial> {
  const pair = await issueCertificate(authority, {
    commonName: account,
    uris: [serviceAccountIdentity(trustDomain, 'fairlead-system', account)],
    usages: ['server', 'client'],
    now: Date.now(),
    validMs: hourMs,
  });
  return parseTlsMaterial(pair.certificatePem, pair.privateKeyPem, authority.certificatePem);
}

function settable<Value>(first: Value): WatchedFile<Value> & { set(value: Value): void } {
  const file = {
    current: first,
    refusal: undefined,
    onChange: () => undefined,
    set: (value: Value) => void (file.current = value),
    stop: () => undefined,
  };
  return file;
}

async function ask(
  api: Api,
  { cert, key, ca }: TlsMaterial,
  method: string,
  { path, headers = {}, form }: { path: string } & Omit<AskOptions, 'identity'>,
): Promise<ApiAnswer> {
  const { host, port } = api.address;
  const { promise, resolve, reject } = Promise.withResolvers<ApiAnswer>();
  const type = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
  const sent = request(
    {
      host,
      port,
      path,
      method,
      cert,
      key,
      ca,
      headers: { ...type, ...headers },
      agent: false,
      checkServerIdentity: () => undefined,
    },
    (response) => {
      text(response).then((body) => {
        const isJson = response.headers['content-type']?.startsWith('application/json') === true;
        const { statusCode: status = 0 } = response;
        resolve({ status, headers: response.headers, json: isJson ? JSON.parse(body) : body });
      }, reject);
    },
  );
  sent.once('error', reject);
  sent.end(form === undefined || typeof form === 'string' ? form : new URLSearchParams(form).toString());
  return promise;
}

/** Returns a key of data-plane tokens: as it signs, and as it is published. */
export function aKey(kid: string) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x, y } = publicKey.export({ format: 'jwk' });
  const jwk = { kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' };
  const privateKeyPem = privateKey.export({ format: 'pem', type: 'pkcs8' });
  return { publicKey, jwk, signing: JSON.stringify({ kid, privateKeyPem }) };
}

/** Returns the JWKS of keys. */
export const published = (...keys: { jwk: object }[]): string =>
  JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
