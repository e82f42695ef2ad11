/** Owns lists: selectors, pages that stay consistent while objects change, and resource version options. */
import { randomUUID } from 'node:crypto';
import { ApiError, badRequest, expired } from '../errors/api-error.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import type { ResourceType } from '../resources/resource-type.ts';
import { parseFieldSelector } from '../selectors/field-selector.ts';
import type { ObjectMatcher } from '../selectors/field-selector.ts';
import { parseLabelSelector } from '../selectors/label-selector.ts';
import type { ObjectStore } from '../storage/object-store.ts';

export interface Selection {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

export interface ListRequest extends Selection {
  readonly limit?: number | undefined;
  readonly continueToken?: string | undefined;
  readonly resourceVersion?: string | undefined;
  readonly resourceVersionMatch?: string | undefined;
}

export interface ListPage {
  readonly items: readonly KubeObject[];
  readonly version: number;
  readonly continueToken?: string;
  readonly remaining?: number;
}

/** Returns whether an object is selected. @throws ApiError 400 where a selector cannot be parsed. */
export function makeMatcher(type: ResourceType, selection: Selection): ObjectMatcher {
  const matchLabels = parseLabelSelector(selection.labelSelector);
  const matchFields = parseFieldSelector(selection.fieldSelector, type);
  const { namespace } = selection;
  return (object) =>
    (namespace === undefined || object.metadata.namespace === namespace) &&
    matchLabels(object.metadata.labels) &&
    matchFields(object);
}

/** How many half-read lists are remembered; the oldest reader starts again. */
const maxOpenLists = 200;
const openListMs = 5 * 60_000;

interface OpenList {
  readonly items: readonly KubeObject[];
  readonly version: number;
  readonly storage: string;
  readonly expiresAt: number;
}

/** Serves lists; a list in pages is taken from the state at its first page. */
export class Lister {
  readonly #store: ObjectStore;
  readonly #now: () => number;
  readonly #open = new Map<string, OpenList>();

  constructor(store: ObjectStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  /** @throws ApiError 400, 410 (the page belongs to a list that is forgotten), 504 (a version from the future). */
  list(type: ResourceType, request: ListRequest): ListPage {
    const { continueToken, limit = 0 } = request;
    if (continueToken !== undefined && continueToken !== '')
      return this.#nextPage(type, continueToken, limit);
    this.#checkVersion(request);
    const matches = makeMatcher(type, request);
    const { items, version } = this.#store.list(type.storage, request.namespace);
    const selected = items.map(type.fromStored).filter(matches);
    return this.#page({ items: selected, version, storage: type.storage, expiresAt: 0 }, 0, limit);
  }

  #nextPage(type: ResourceType, token: string, limit: number): ListPage {
    const [id = '', offset = ''] = Buffer.from(token, 'base64url').toString().split(':');
    const open = this.#open.get(id);
    if (!/^\d+$/.test(offset)) throw badRequest('continue key is not valid: the token cannot be read');
    if (open?.storage !== type.storage || open.expiresAt < this.#now()) {
      throw expired(
        'The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.',
      );
    }
    return this.#page(open, Number(offset), limit, id);
  }

  #page(list: OpenList, offset: number, limit: number, id?: string): ListPage {
    const end = limit > 0 ? offset + limit : list.items.length;
    const items = list.items.slice(offset, end);
    const remaining = list.items.length - end;
    if (remaining <= 0) return { items, version: list.version };
    const known = id ?? this.#remember(list);
    const continueToken = Buffer.from(`${known}:${end}`).toString('base64url');
    return { items, version: list.version, continueToken, remaining };
  }

  #remember(list: OpenList): string {
    const id = randomUUID();
    this.#open.set(id, { ...list, expiresAt: this.#now() + openListMs });
    const [oldest] = this.#open.keys();
    if (this.#open.size > maxOpenLists && oldest !== undefined) this.#open.delete(oldest);
    return id;
  }

  #checkVersion({ resourceVersion = '', resourceVersionMatch = '' }: ListRequest): void {
    if (resourceVersion === '' && resourceVersionMatch !== '') {
      throw badRequest('resourceVersionMatch is forbidden unless resourceVersion is provided');
    }
    if (resourceVersion === '' || resourceVersion === '0') return;
    const wanted = parseVersion(resourceVersion);
    const current = this.#store.version;
    if (wanted > current) {
      const message = `Timeout: Too large resource version: ${wanted}, current: ${current}`;
      throw new ApiError(504, 'Timeout', message, { retryAfterSeconds: 1 });
    }
    if (resourceVersionMatch === 'Exact' && wanted < current) {
      throw expired(`The resourceVersion for the provided list is too old: ${wanted}, current: ${current}`);
    }
  }
}

/** @throws ApiError 400 where the text is no resource version of this server. */
export function parseVersion(text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw badRequest(`Invalid value: "${text}": resourceVersion must be a number`);
  return Number(text);
}
