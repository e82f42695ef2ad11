/** Owns aggregated APIs: APIService objects that name a Service are served by it, through this server. */
import { Agent, request as httpsRequest } from 'node:https';
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { messageOf } from '../../../platform/errors.ts';
import type { KeyPair } from '../../../platform/tls/authority.ts';
import type { DiscoveredResource, RemoteGroupVersion } from '../discovery/discovery.ts';
import { ApiError, serviceUnavailable } from '../errors/api-error.ts';
import type { Exchange } from '../http/exchange.ts';
import { isObject, objectAt } from '../objects/kube-object.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import type { UserInfo } from '../pipeline/request-context.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { findBackend } from './backend.ts';
import type { Backend } from './backend.ts';

export const apiServiceStorage = 'apiservices.apiregistration.k8s.io';
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Headers that are between the user and this server. */
const ownHeaders = new Set(['authorization', 'host']);

export interface AggregatorOptions {
  readonly store: ObjectStore;
  /** With which this server shows the backends that it speaks for its users. */
  readonly clientCertificate: KeyPair;
}

/** Passes requests for groups that another server serves on to it. */
export interface Aggregator {
  /** Returns whether that group and version is another server's. */
  serves(group: string, version: string): boolean;
  proxy(exchange: Exchange): Promise<void>;
}

export interface RunningAggregator extends Aggregator {
  remoteGroups(): readonly RemoteGroupVersion[];
  /** GETs a path of a remote group as `user` and returns the parsed JSON. @throws ApiError. */
  getJson(group: string, version: string, path: string, user: UserInfo): Promise<unknown>;
  /** Takes over what a backend says it serves. */
  setResources(apiService: string, resources: readonly DiscoveredResource[]): void;
  stop(): Promise<void>;
}

/** Serves APIServices until stopped. */
export function startAggregator(options: AggregatorOptions): RunningAggregator {
  const { store } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: 64, timeout: silenceMs });
  const discovered = new Map<string, readonly DiscoveredResource[]>();
  const remoteService = (group: string, version: string): KubeObject | undefined => {
    const found = store.get(apiServiceStorage, undefined, `${version}.${group}`);
    return found !== undefined && isRemote(found) ? found : undefined;
  };
  const send = (service: KubeObject, call: ProxyCall): Promise<IncomingMessage> =>
    sendToBackend(findBackend(store, service), call, { agent, certificate: options.clientCertificate });
  return {
    serves: (group, version) => remoteService(group, version) !== undefined,
    proxy: async (exchange) => {
      const [, group = '', version = ''] = exchange.info.path.slice(1).split('/');
      const service = remoteService(group, version);
      if (service === undefined) throw serviceUnavailable('service unavailable');
      await proxyExchange(exchange, (call) => send(service, call));
    },
    remoteGroups: () =>
      store
        .list(apiServiceStorage)
        .items.filter(isRemote)
        .map((service) => remoteGroup(service, discovered)),
    getJson: async (group, version, path, user) => {
      const service = remoteService(group, version);
      if (service === undefined)
        throw serviceUnavailable(`no APIService ${version}.${group} names a Service`);
      const answer = await send(service, {
        method: 'GET',
        path,
        headers: { accept: 'application/json' },
        user,
      });
      return parseAnswer(answer);
    },
    setResources: (apiService, resources) => void discovered.set(apiService, resources),
    stop: () => {
      agent.destroy();
      return Promise.resolve();
    },
  };
}

export const isRemote = (service: KubeObject): boolean => isObject(objectAt(service, 'spec')['service']);

function remoteGroup(
  service: KubeObject,
  discovered: ReadonlyMap<string, readonly DiscoveredResource[]>,
): RemoteGroupVersion {
  const spec = objectAt(service, 'spec');
  return {
    group: String(spec['group']),
    version: String(spec['version']),
    groupPriority: Number(spec['groupPriorityMinimum']),
    resources: discovered.get(service.metadata.name),
  };
}

interface ProxyCall {
  readonly method: string;
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly user: UserInfo;
  readonly body?: IncomingMessage;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
}

/** How long a backend may stay silent. */
const silenceMs = 60_000;

function sendToBackend(
  backend: Backend,
  call: ProxyCall,
  transport: { readonly agent: Agent; readonly certificate: KeyPair },
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = httpsRequest({
      agent: transport.agent,
      host: backend.host,
      port: backend.port,
      servername: backend.serverName,
      method: call.method,
      path: call.path,
      headers: { ...call.headers, ...userHeaders(call.user), host: backend.serverName },
      ...(call.signal === undefined ? {} : { signal: call.signal }),
      cert: transport.certificate.certificatePem,
      key: transport.certificate.privateKeyPem,
      ...(backend.caPem === undefined
        ? { rejectUnauthorized: backend.verify }
        : { ca: backend.caPem, rejectUnauthorized: true }),
    });
    request.once('response', resolve);
    request.once('timeout', () => request.destroy(new Error('the backend did not answer in time')));
    request.on('error', (error) => {
      reject(serviceUnavailable(`error trying to reach service: ${messageOf(error)}`));
    });
    if (call.body === undefined) request.end();
    else call.body.pipe(request);
  });
}

/** Tells the backend who asks; it believes this server because of its certificate. */
function userHeaders(user: UserInfo): OutgoingHttpHeaders {
  const extra = Object.entries(user.extra ?? {}).map(([key, values]): [string, string[]] => [
    `x-remote-extra-${encodeURIComponent(key)}`,
    [...values],
  ]);
  return {
    'x-remote-user': user.username,
    'x-remote-group': [...user.groups],
    ...Object.fromEntries(extra),
  };
}

async function proxyExchange(
  exchange: Exchange,
  send: (call: ProxyCall) => Promise<IncomingMessage>,
): Promise<void> {
  const { request, response, info, user } = exchange;
  const left = new AbortController();
  response.once('close', () => left.abort());
  const query = info.query.toString();
  const answer = await send({
    method: request.method ?? 'GET',
    // The path that was authorized: the URL as it came may hold dots that lead elsewhere.
    path: query === '' ? info.path : `${info.path}?${query}`,
    signal: left.signal,
    headers: forwardedHeaders(request.headers),
    user,
    ...(request.method === 'GET' || request.method === 'HEAD' ? {} : { body: request }),
  });
  response.writeHead(answer.statusCode ?? 502, forwardedHeaders(answer.headers));
  answer.on('error', () => response.destroy());
  answer.pipe(response);
}

/** The user's own credentials, and claims to be somebody, stay here. */
function forwardedHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => !hopByHop.has(name) && !ownHeaders.has(name) && !/^(?:x-remote|impersonate)-/.test(name),
    ),
  );
}

async function parseAnswer(answer: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString('utf8');
  const code = answer.statusCode ?? 502;
  const body = parseJson(text);
  if (code < 400 && body !== undefined) return body;
  const { message, reason } = (isObject(body) ? body : {}) as { message?: string; reason?: string };
  throw new ApiError(code < 400 ? 502 : code, reason ?? 'Unknown', message ?? text.slice(0, 500));
}

/** Returns undefined where the text is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
