/** Owns what a kind of Kubernetes object is here: its names, its paths, and its type as plain JSON. */
import type { V1ObjectMeta } from '@kubernetes/client-node';
import { AppError } from '../platform/errors.ts';

/**
 * A client-node model as it really is on the wire: times are strings, and the underscore that the generator puts
 * before reserved words is gone.
 */
export type Plain<Value> = Value extends Date
  ? string
  : Value extends readonly (infer Item)[]
    ? Plain<Item>[]
    : Value extends object
      ? { [Name in keyof Value as Name extends `_${infer Real}` ? Real : Name]: Plain<Value[Name]> }
      : Value;

export type ObjectMeta = Plain<V1ObjectMeta>;

/** The metadata that this room itself reads; every model's own metadata type fits it. */
interface ReadMeta {
  name?: string | undefined;
  namespace?: string | undefined;
  uid?: string | undefined;
  resourceVersion?: string | undefined;
  labels?: Record<string, string> | undefined;
  annotations?: Record<string, string> | undefined;
}

/** Any Kubernetes object, as plain JSON. Fields that its type does not know are there all the same. */
export interface KubeObject {
  apiVersion?: string | undefined;
  kind?: string | undefined;
  metadata?: ReadMeta | undefined;
}

export interface ResourceKind<Type extends KubeObject = KubeObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Never set: it carries the type of the objects for the compiler. */
  readonly objectType?: Type;
}

/** Names one object; the namespace is required for namespaced kinds. */
export interface ObjectRef {
  readonly name: string;
  readonly namespace?: string | undefined;
}

/**
 * Returns a descriptor of a kind.
 *
 * @example
 * const widgets = makeKind<Widget>('example.org/v1', 'Widget', 'widgets');
 */
export function makeKind<Type extends KubeObject>(
  apiVersion: string,
  kind: string,
  plural: string,
  scope: 'namespaced' | 'cluster' = 'namespaced',
): ResourceKind<Type> {
  const slash = apiVersion.indexOf('/');
  return {
    group: slash === -1 ? '' : apiVersion.slice(0, slash),
    version: apiVersion.slice(slash + 1),
    plural,
    kind,
    namespaced: scope === 'namespaced',
  };
}

export const apiVersionOf = (kind: ResourceKind): string =>
  kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;

/** Returns `deployments.apps`, `pods`: the name of a kind for messages and metric labels. */
export const resourceNameOf = (kind: ResourceKind): string =>
  kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;

/** Returns the store key of an object: `namespace/name`, or the name alone for what has no namespace. */
export const keyOf = (ref: { name: string; namespace?: string | undefined }): string =>
  ref.namespace === undefined || ref.namespace === '' ? ref.name : `${ref.namespace}/${ref.name}`;

/** Returns the ref that `keyOf` made a key of. */
export function parseKey(key: string): ObjectRef {
  const slash = key.indexOf('/');
  return slash === -1 ? { name: key } : { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}

/**
 * Returns name and namespace of an object.
 *
 * @throws AppError `KUBE_NAME_MISSING` when it has no name.
 */
export function refOf(object: KubeObject): ObjectRef {
  const name = object.metadata?.name;
  if (name === undefined || name === '') throw nameMissing(object.kind ?? 'object');
  const namespace = object.metadata?.namespace;
  return namespace === undefined ? { name } : { name, namespace };
}

/** Returns the path of a collection; without a namespace, of all namespaces. */
export function collectionPath(kind: ResourceKind, namespace?: string): string {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const scope =
    kind.namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${scope}/${kind.plural}`;
}

/**
 * Returns the path of one object or of its subresource.
 *
 * @throws AppError `KUBE_NAME_MISSING`: without a name the path would mean the whole collection.
 */
export function objectPath(kind: ResourceKind, ref: ObjectRef, subresource?: string): string {
  if (isNoName(ref.name)) throw nameMissing(kind.kind);
  if (kind.namespaced && (ref.namespace === undefined || isNoName(ref.namespace))) {
    throw new AppError(
      'KUBE_NAME_MISSING',
      `${kind.kind} "${ref.name}" needs a namespace: the kind is namespaced`,
    );
  }
  const path = `${collectionPath(kind, ref.namespace)}/${encodeURIComponent(ref.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** URL parsers resolve dots, so that they would leave the path; the API allows neither as a name. */
const isNoName = (name: string): boolean => name === '' || name === '.' || name === '..';

const nameMissing = (kind: string): AppError =>
  new AppError('KUBE_NAME_MISSING', `a ${kind} without metadata.name cannot be addressed`);
