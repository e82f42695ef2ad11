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

/** Applied to each object as soon as its page is there, so that a whole collection is never held as it came. */
export type Prepare<Type> = (object: Type) => Type;

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
  prepare: Prepare<Type> = (object) => object,
): Promise<ObjectList<Type>> {
  let restarted = false;
  let items: Type[] = [];
  let next: PageToken = { resourceVersion: options.resourceVersion ?? '' };
  for (;;) {
    try {
      const page: Page<Type> = await readPage(transport, kind, options, next);
      items.push(...itemsOf(kind, page, prepare));
      const { continue: token = '', resourceVersion = '' } = page.metadata ?? {};
      if (token === '') return { items, resourceVersion };
      next = { token };
    } catch (error) {
      if (restarted || !('token' in next) || !isGone(error)) throw error;
      restarted = true;
      items = [];
      next = { resourceVersion: '' };
    }
  }
}

/** Items of a list carry neither apiVersion nor kind; objects read one by one do. */
function itemsOf<Type extends KubeObject>(
  kind: ResourceKind<Type>,
  page: Page<Type>,
  prepare: Prepare<Type>,
): Type[] {
  const identity = { apiVersion: apiVersionOf(kind), kind: kind.kind };
  return (page.items ?? []).map((item) => prepare({ ...identity, ...item }));
}

/** The token names its version already, and the API refuses both together. */
type PageToken = { readonly resourceVersion: string } | { readonly token: string };

function readPage<Type extends KubeObject>(
  transport: KubeTransport,
  kind: ResourceKind<Type>,
  options: ListOptions,
  from: PageToken,
): Promise<Page<Type>> {
  return transport.request<Page<Type>>({
    method: 'GET',
    path: collectionPath(kind, options.namespace),
    query: {
      labelSelector: options.labelSelector,
      fieldSelector: options.fieldSelector,
      limit: options.pageSize ?? defaultPageSize,
      ...('token' in from
        ? { continue: from.token }
        : { resourceVersion: from.resourceVersion || undefined }),
    },
    accept: acceptFor('PartialObjectMetadataList', options.metadataOnly),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    signal: options.signal,
  });
}

/** Returns the Accept header that asks for metadata alone, where the server can. */
export function acceptFor(shape: string, metadataOnly: boolean | undefined): string {
  return metadataOnly === true
    ? `application/json;as=${shape};v=v1;g=meta.k8s.io,application/json`
    : 'application/json';
}
