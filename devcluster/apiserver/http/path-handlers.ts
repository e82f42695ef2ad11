/** Owns the paths that name no resource: discovery, OpenAPI, version, health, and the keys of our tokens. */
import type { TokenIssuer } from '../authn/token-issuer.ts';
import { tokenIssuer } from '../authn/token-issuer.ts';
import {
  makeAggregatedDiscovery,
  makeCoreVersions,
  makeGroupList,
  makeResourceList,
  makeSingleGroup,
} from '../discovery/discovery.ts';
import type { RemoteGroupVersion } from '../discovery/discovery.ts';
import { ApiError, methodNotAllowed, noSuchResource } from '../errors/api-error.ts';
import { makeOpenApiDocument, makeOpenApiIndex, serverVersion } from '../openapi/document.ts';
import type { Registry } from '../resources/registry.ts';
import type { Exchange } from './exchange.ts';
import { acceptsAggregatedDiscovery } from './negotiation.ts';
import type { PathRequest } from './request-info.ts';
import { sendJson, sendText } from './responses.ts';

export interface PathDeps {
  readonly registry: Registry;
  readonly issuer: TokenIssuer;
  readonly remoteGroups: () => readonly RemoteGroupVersion[];
}

const healthPaths = ['/healthz', '/livez', '/readyz'];
const aggregatedType = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/** Answers a path. @throws ApiError 404, 405, 406. */
export function handlePath(deps: PathDeps, exchange: Exchange<PathRequest>): void {
  const { path, verb } = exchange.info;
  if (verb !== 'get' && verb !== 'head') throw methodNotAllowed(`${path} can only be read`);
  const { response } = exchange;
  if (healthPaths.includes(path)) sendText(response, 200, 'ok', 'text/plain');
  else if (path === '/version') sendJson(response, 200, serverVersion);
  else if (path === '/openid/v1/jwks') sendJson(response, 200, deps.issuer.publicKeys);
  else if (path === '/.well-known/openid-configuration') sendJson(response, 200, openIdConfiguration());
  else if (path.startsWith('/openapi')) sendOpenApi(deps, exchange);
  else sendDiscovery(deps, exchange);
}

const openIdConfiguration = (): object => ({
  issuer: tokenIssuer,
  jwks_uri: '/openid/v1/jwks',
  response_types_supported: ['id_token'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['ES256'],
});

function sendOpenApi(deps: PathDeps, exchange: Exchange<PathRequest>): void {
  const { path } = exchange.info;
  const types = deps.registry.all();
  if (path === '/openapi/v3') {
    sendJson(exchange.response, 200, makeOpenApiIndex(types));
    return;
  }
  if (path === '/openapi/v2') {
    // Clients fall back to v3, or to what they know themselves.
    throw new ApiError(406, 'NotAcceptable', 'OpenAPI v2 is not served; read /openapi/v3');
  }
  const document = makeOpenApiDocument(types, path.slice('/openapi/v3/'.length));
  if (document === undefined) throw noSuchResource();
  sendJson(exchange.response, 200, document);
}

function sendDiscovery(deps: PathDeps, exchange: Exchange<PathRequest>): void {
  const { path } = exchange.info;
  const { response, request } = exchange;
  const types = deps.registry.all();
  const remote = deps.remoteGroups();
  if (path === '/') {
    sendJson(response, 200, { paths: ['/api', '/apis', '/healthz', '/openapi/v3', '/version'] });
    return;
  }
  const isRoot = path === '/api' || path === '/apis';
  if (isRoot && acceptsAggregatedDiscovery(request.headers.accept)) {
    const body = makeAggregatedDiscovery(types, remote, path === '/api');
    sendText(response, 200, JSON.stringify(body), aggregatedType);
    return;
  }
  const answer = discoveryAnswer(deps, path, request.headers.host ?? '');
  if (answer === undefined) throw noSuchResource();
  sendJson(response, 200, answer);
}

function discoveryAnswer(deps: PathDeps, path: string, serverAddress: string): object | undefined {
  const types = deps.registry.all();
  const remote = deps.remoteGroups();
  if (path === '/api') return makeCoreVersions(serverAddress);
  if (path === '/apis') return makeGroupList(types, remote);
  const [root, first = '', second] = path.slice(1).split('/');
  if (root === 'api' && second === undefined) return makeResourceList(types, '', first);
  if (root !== 'apis') return undefined;
  if (second === undefined) return makeSingleGroup(types, remote, first);
  return makeResourceList(types, first, second);
}
