/** Owns reading a whole collection in pages, and starting over when the server has forgotten the first page. */
import { isGone } from './api-error.ts';
import { apiVersionOf, collectionPath } from './resource.ts';
import type { KubeObject, ResourceKind } from './resource.ts';
import type { KubeTransport } from './transport.ts';

export interface ListScope {
  /** Undefined lists all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

export interface ListOptions extends ListScope {
  /** `0` accepts what the server has in memory, a little old perhaps; empty (the default) asks for the newest. */
  readonly resourceVersion?: string;
  readonly pageSize?: number;
  /** `PartialObjectMetadata` instead of the objects: for kinds whose spec nobody reads. */
  readonly metadataOnly?: boolean;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface ObjectList<Type> {
  readonly items: Type[];
  /** Of the collection: where a watch goes on from. */
  readonly resourceVersion: string;
}

interface Page<Type> {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly Type[] | null;
}

const defaultPageSize = 500;

/**
 * Returns all objects of a kind within `options`' scope, read in pages. When a continue token has expired meanwhile,
 * it starts over once at the newest version.
 *
 * @throws as `KubeTransport.request`.
 */
export async function listPaged<Type extends KubeObject>(
  transport: KubeTransport,
  kind: ResourceKind<Type>,
  options: ListOptions,
): Promise<ObjectList<Type>> {
  const pages: Page<Type>[] = [];
  let restarted = false;
  let resourceVersion = options.resourceVersion ?? '';
  for (let token: string | undefined; ;) {
    try {
      const page = await readPage(transport, kind, options, { resourceVersion, token });
      pages.push(page);
      token = page.metadata?.continue;
      if (token === undefined || token === '') return joinPages(kind, pages);
    } catch (error) {
      if (token === undefined || restarted || !isGone(error)) throw error;
      restarted = true;
      pages.length = 0;
      token = undefined;
      resourceVersion = '';
    }
  }
}

function readPage<Type extends KubeObject>(
  transport: KubeTransport,
  kind: ResourceKind<Type>,
  options: ListOptions,
  from: { resourceVersion: string; token: string | undefined },
): Promise<Page<Type>> {
  return transport.request<Page<Type>>({
    method: 'GET',
    path: collectionPath(kind, options.namespace),
    query: {
      labelSelector: options.labelSelector,
      fieldSelector: options.fieldSelector,
      limit: options.pageSize ?? defaultPageSize,
      // The token names its version already, and the API refuses both together.
      resourceVersion:
        from.token === undefined && from.resourceVersion !== '' ? from.resourceVersion : undefined,
      continue: from.token,
    },
    accept: acceptFor('PartialObjectMetadataList', options.metadataOnly),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    signal: options.signal,
  });
}

function joinPages<Type extends KubeObject>(
  kind: ResourceKind<Type>,
  pages: readonly Page<Type>[],
): ObjectList<Type> {
  const identity = { apiVersion: apiVersionOf(kind), kind: kind.kind };
  return {
    // Items of a list carry neither apiVersion nor kind; objects read one by one do.
    items: pages.flatMap((page) => (page.items ?? []).map((item) => ({ ...identity, ...item }))),
    resourceVersion: pages.at(-1)?.metadata?.resourceVersion ?? '',
  };
}

/** Returns the Accept header that asks for metadata alone, where the server can. */
export function acceptFor(shape: string, metadataOnly: boolean | undefined): string {
  return metadataOnly === true
    ? `application/json;as=${shape};v=v1;g=meta.k8s.io,application/json`
    : 'application/json';
}
