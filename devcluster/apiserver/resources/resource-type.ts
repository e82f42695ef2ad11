/** Owns what the API server knows about one served kind: its names, its schema, and the rules of its own. */
import type { StatusCause } from '../errors/api-error.ts';
import type { JsonObject, KubeObject } from '../objects/kube-object.ts';
import type { Schema } from '../schema/schema.ts';
import type { StorageKey } from '../storage/object-store.ts';

/** A column of `kubectl get`. Priority 0 is always shown, 1 with `-o wide`. */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format?: string;
  readonly description?: string;
  readonly priority: number;
  readonly cell: (object: KubeObject, now: number) => unknown;
}

/** Where a kind keeps what its scale subresource shows; paths without the leading dot. */
export interface ScalePaths {
  readonly specReplicas: string;
  readonly statusReplicas: string;
  /** A path to the selector in text form; built-in kinds compute it from `spec.selector`. */
  readonly labelSelector?: string;
}

/** An object under construction: a mutable copy that only its request sees. */
export type Draft = JsonObject & KubeObject;

/** What a kind's rules may look at beside the object itself. */
export interface StrategyContext {
  readonly now: number;
  readonly lookUp: (
    storage: StorageKey,
    namespace: string | undefined,
    name: string,
  ) => KubeObject | undefined;
  readonly listAll: (storage: StorageKey) => readonly KubeObject[];
}

/** The rules of one kind. Drafts may be changed in place. */
export interface Strategy {
  /** Fills what the user left out; runs on every write, before validation. */
  readonly setDefaults?: (draft: Draft) => void;
  /** Runs once, before the defaults of a new object are validated. */
  readonly prepareForCreate?: (draft: Draft, context: StrategyContext) => void;
  readonly prepareForUpdate?: (draft: Draft, old: KubeObject, context: StrategyContext) => void;
  readonly validate?: (object: KubeObject, context: StrategyContext) => StatusCause[];
  readonly validateUpdate?: (object: KubeObject, old: KubeObject) => StatusCause[];
  /** Rules that only make sense on objects that passed everything else; `old` is absent on creation. */
  readonly validateRules?: (object: KubeObject, old: KubeObject | undefined) => StatusCause[];
  /** How long a deleted object lives on for others to finish with it; absent: not at all. */
  readonly gracePeriodSeconds?: (object: KubeObject) => number;
  /** Names are DNS subdomains unless a kind says otherwise. */
  readonly nameRule?: 'label' | 'subdomain' | 'path-segment';
}

export interface ResourceType {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly listKind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly schema: Schema;
  /** Absent: the schema has no OpenAPI model name of its own, as with custom kinds. */
  readonly model?: string;
  readonly hasStatus: boolean;
  readonly scale?: ScalePaths;
  /** Further subresources that are calls rather than parts of the object: `log`, `eviction`, `token`. */
  readonly calls: readonly string[];
  /** Whether `metadata.generation` is kept, and grows with every change outside metadata and status. */
  readonly hasGeneration: boolean;
  readonly custom: boolean;
  readonly verbs: readonly string[];
  readonly columns: readonly Column[];
  readonly selectableFields?: readonly string[];
  readonly strategy: Strategy;
  readonly storage: StorageKey;
  /** Turns an object of this version into the stored form and back; identity unless versions share a storage. */
  readonly toStored: (object: KubeObject) => KubeObject;
  readonly fromStored: (object: KubeObject) => KubeObject;
}

export const groupVersionOf = (type: { readonly group: string; readonly version: string }): string =>
  type.group === '' ? type.version : `${type.group}/${type.version}`;

/** Splits `apps/v1` into group and version; the core group is the empty one. */
export function parseGroupVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf('/');
  return slash < 0
    ? { group: '', version: apiVersion }
    : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

export const allVerbs = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
] as const;
