/** Owns what a URL asks for: a resource with a verb, or a path that names none. */
import { badRequest } from '../errors/api-error.ts';

export interface ResourceRequest {
  readonly form: 'resource';
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly namespace: string | undefined;
  readonly plural: string;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
  readonly path: string;
  readonly query: URLSearchParams;
}

export interface PathRequest {
  readonly form: 'path';
  readonly verb: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

export type RequestInfo = ResourceRequest | PathRequest;

const verbs: Readonly<Record<string, string>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
  GET: 'get',
  HEAD: 'get',
};

/** Returns what `method` on `url` (path and query) means to the API. @throws ApiError 400 where it is no URL. */
export function parseRequest(method: string, url: string): RequestInfo {
  // Two slashes at the beginning are an empty segment, not the name of another host.
  const parsed = URL.parse(url.startsWith('/') ? `https://localhost${url}` : url, 'https://localhost');
  if (parsed === null) throw badRequest(`${JSON.stringify(url)} is no URL`);
  const { pathname, searchParams: query } = parsed;
  const path = pathname.replace(/\/+$/, '') || '/';
  const segments = path.slice(1).split('/').map(decodeSegment);
  const [root, ...rest] = segments;
  const isCore = root === 'api' && rest.length >= 2;
  const isGroup = root === 'apis' && rest.length >= 3;
  if (!isCore && !isGroup) return { form: 'path', verb: method.toLowerCase(), path, query };
  const [group, version, ...tail] = isCore ? ['', ...rest] : rest;
  return resourceRequest({ group: group ?? '', version: version ?? '', tail, method, path, query });
}

function resourceRequest(parts: {
  readonly group: string;
  readonly version: string;
  readonly tail: readonly string[];
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
}): ResourceRequest {
  const { group, version, tail, method, path, query } = parts;
  const inNamespace = tail[0] === 'namespaces' && tail.length >= 3 && !isNamespaceSubresource(tail);
  const [plural = '', name, subresource] = inNamespace ? tail.slice(2) : tail;
  // A namespace is inside itself: whoever may do something there may do it to the namespace.
  const namespace = inNamespace ? tail[1] : plural === 'namespaces' ? name : undefined;
  const verb = verbOf(method, name, query);
  return { form: 'resource', verb, group, version, namespace, plural, name, subresource, path, query };
}

const isNamespaceSubresource = (tail: readonly string[]): boolean =>
  tail.length === 3 && (tail[2] === 'status' || tail[2] === 'finalize');

function verbOf(method: string, name: string | undefined, query: URLSearchParams): string {
  const verb = verbs[method] ?? method.toLowerCase();
  const isWatch = ['true', '1'].includes(query.get('watch') ?? '');
  if (verb === 'get' && isWatch) return 'watch';
  if (name !== undefined) return verb;
  if (verb === 'get') return 'list';
  return verb === 'delete' ? 'deletecollection' : verb;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
