/** Owns the HTTPS listener and the way of every request: who asks, what is asked, whether it is allowed, the answer. */
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { listen } from '../../../platform/listener.ts';
import type { ListenAddress } from '../../../platform/listener.ts';
import type { Logger } from '../../../platform/logging.ts';
import type { KeyPair } from '../../../platform/tls/authority.ts';
import type { Aggregator } from '../aggregation/aggregator.ts';
import type { Authenticator } from '../authn/authenticator.ts';
import { bearerTokenOf } from '../authn/authenticator.ts';
import type { AccessAttributes, Authorizer } from '../authz/rbac.ts';
import { forbiddenText } from '../authz/rbac.ts';
import { ApiError, noSuchResource, unauthorized } from '../errors/api-error.ts';
import { handleCall, handleReview, isReview } from './call-handlers.ts';
import type { CallDeps } from './call-handlers.ts';
import type { Exchange } from './exchange.ts';
import { impersonatedUser } from './impersonation.ts';
import { handlePath } from './path-handlers.ts';
import type { PathDeps } from './path-handlers.ts';
import { parseRequest } from './request-info.ts';
import type { PathRequest, RequestInfo, ResourceRequest } from './request-info.ts';
import { checkVerb, handleResource } from './resource-handlers.ts';
import type { ResourceDeps } from './resource-handlers.ts';
import { sendError } from './responses.ts';

export interface HttpDeps extends ResourceDeps, CallDeps, PathDeps {
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly aggregator: Aggregator;
  readonly log: Logger;
}

export interface HttpServer {
  readonly address: ListenAddress;
  stop(): Promise<void>;
}

const stopGraceMs = 500;

/** @throws AppError as `listen` does. */
export async function startHttpServer(
  deps: HttpDeps,
  options: { readonly address: ListenAddress; readonly certificate: KeyPair },
): Promise<HttpServer> {
  const { certificate } = options;
  const server = createServer(
    { cert: certificate.certificatePem, key: certificate.privateKeyPem, minVersion: 'TLSv1.2' },
    (request, response) => {
      void answer(deps, request, response);
    },
  );
  // Watches of clients behind idle connections live longer than Node's default of five seconds.
  server.keepAliveTimeout = 120_000;
  server.requestTimeout = 0;
  const address = await listen(server, options.address);
  return {
    address,
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      // Watches never end by themselves.
      const cut = setTimeout(() => server.closeAllConnections(), stopGraceMs);
      await closed;
      clearTimeout(cut);
    },
  };
}

async function answer(deps: HttpDeps, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const started = deps.core.clock.monotonic();
  const { method = 'GET', url = '/' } = request;
  try {
    const info = parseRequest(method, url);
    const user = await authenticate(deps, request, info);
    // Who has left meanwhile needs no answer, and a watch would not hear a second time that its client is gone.
    if (response.destroyed) return;
    authorize(deps, { request, response, info, user });
    await route(deps, { request, response, info, user });
  } catch (error) {
    if (!(error instanceof ApiError)) deps.log.error({ method, url, error }, 'request failed');
    sendError(response, error);
  } finally {
    request.resume();
    const milliseconds = Math.round(deps.core.clock.monotonic() - started);
    deps.log.debug({ method, url, status: response.statusCode, milliseconds }, 'request answered');
  }
}

const openPaths = ['/healthz', '/livez', '/readyz', '/version'];

async function authenticate(
  deps: HttpDeps,
  request: IncomingMessage,
  info: RequestInfo,
): Promise<Exchange['user']> {
  const token = bearerTokenOf(request.headers.authorization);
  const user = token === undefined ? undefined : await deps.authenticator.authenticate(token);
  if (user !== undefined) return impersonatedUser(request, user, deps.authorizer);
  const isOpen = info.form === 'path' && openPaths.includes(info.path) && token === undefined;
  if (!isOpen) throw unauthorized();
  return { username: 'system:anonymous', groups: ['system:unauthenticated'] };
}

function authorize(deps: HttpDeps, exchange: Exchange): void {
  const { info, user } = exchange;
  if (info.form === 'path' && openPaths.includes(info.path)) return;
  const attributes = attributesOf(info);
  const { allowed } = deps.authorizer.decide(user, attributes);
  if (allowed) return;
  const details =
    info.form === 'path'
      ? {}
      : {
          group: info.group,
          kind: info.plural,
          ...(info.name === undefined ? {} : { name: info.name }),
        };
  throw new ApiError(403, 'Forbidden', forbiddenText(user, attributes), details);
}

function attributesOf(info: RequestInfo): AccessAttributes {
  if (info.form === 'path') return { verb: info.verb, path: info.path };
  const { verb, group, plural, subresource, namespace } = info;
  return { verb, group, resource: plural, subresource, namespace, name: info.name ?? selectedName(info) };
}

/** As Kubernetes: who lists or watches the object of one name alone asks for access to that object. */
const selectedName = ({ query }: { readonly query: URLSearchParams }): string | undefined =>
  /^metadata\.name==?([^,!=]+)$/.exec(query.get('fieldSelector') ?? '')?.[1];

async function route(deps: HttpDeps, exchange: Exchange): Promise<void> {
  const { info } = exchange;
  if (info.form === 'path') {
    const [root, group = '', version = ''] = info.path.slice(1).split('/');
    if (root === 'apis' && deps.aggregator.serves(group, version)) await deps.aggregator.proxy(exchange);
    else handlePath(deps, exchange as Exchange<PathRequest>);
    return;
  }
  if (deps.aggregator.serves(info.group, info.version)) {
    await deps.aggregator.proxy(exchange);
    return;
  }
  await routeResource(deps, exchange as Exchange<ResourceRequest>);
}

async function routeResource(deps: HttpDeps, exchange: Exchange<ResourceRequest>): Promise<void> {
  const { group, version, plural, subresource, verb, namespace } = exchange.info;
  const type = deps.core.registry.byResource(group, version, plural);
  if (type === undefined) throw noSuchResource();
  if (!type.namespaced && namespace !== undefined && plural !== 'namespaces') throw noSuchResource();
  if (isReview(type)) await handleReview(deps, exchange, type);
  else if (subresource !== undefined && type.calls.includes(subresource))
    await handleCall(deps, exchange, type);
  else {
    if (subresource === undefined) checkVerb(type, verb);
    await handleResource(deps, exchange, type);
  }
}
