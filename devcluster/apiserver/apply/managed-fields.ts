/** Owns `metadata.managedFields`: reading it, writing it, and who claims what after an update or an apply. */
import type { KubeObject, ManagedFieldsEntry } from '../objects/kube-object.ts';
import { FieldSet } from './field-set.ts';
import type { Comparison } from './field-sets-of-values.ts';

export interface Manager {
  readonly name: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource?: string;
}

export interface Claim extends Manager {
  readonly fields: FieldSet;
  readonly time?: string;
}

/** Fields that the server owns: nobody else can. */
const serverFields = FieldSet.of([
  ['f:apiVersion'],
  ['f:kind'],
  ['f:metadata'],
  ...[
    'name',
    'namespace',
    'creationTimestamp',
    'selfLink',
    'uid',
    'generation',
    'managedFields',
    'resourceVersion',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
  ].map((name) => ['f:metadata', `f:${name}`]),
]);

/** Returns the set without what the server owns (`f:metadata` itself only as a path, not what is below). */
export function withoutServerFields(fields: FieldSet): FieldSet {
  const metadata = serverFields.child('f:metadata');
  const children = new Map(fields.children);
  children.set('f:metadata', fields.child('f:metadata').recursiveDifference(metadata));
  const members = fields.members.difference(serverFields.members);
  return new FieldSet(members, children);
}

export function claimsOf(object: Pick<KubeObject, 'metadata'> | undefined): Claim[] {
  return (object?.metadata.managedFields ?? []).map((entry) => ({
    name: entry.manager,
    operation: entry.operation,
    apiVersion: entry.apiVersion,
    fields: FieldSet.fromFieldsV1(entry.fieldsV1),
    ...(entry.subresource === undefined ? {} : { subresource: entry.subresource }),
    ...(entry.time === undefined ? {} : { time: entry.time }),
  }));
}

/** Returns the entries as Kubernetes orders them: applies first, then by time and name. */
export function managedFieldsOf(claims: readonly Claim[]): ManagedFieldsEntry[] {
  return claims
    .filter((claim) => !claim.fields.isEmpty)
    .toSorted(byOperationAndAge)
    .map((claim) => ({
      manager: claim.name,
      operation: claim.operation,
      apiVersion: claim.apiVersion,
      ...(claim.time === undefined ? {} : { time: claim.time }),
      fieldsType: 'FieldsV1',
      fieldsV1: claim.fields.toFieldsV1(),
      ...(claim.subresource === undefined ? {} : { subresource: claim.subresource }),
    }));
}

function byOperationAndAge(a: Claim, b: Claim): number {
  if (a.operation !== b.operation) return a.operation === 'Apply' ? -1 : 1;
  if (a.operation === 'Update' && a.time !== b.time) return (a.time ?? '') < (b.time ?? '') ? -1 : 1;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

export const isSameManager = (a: Manager, b: Manager): boolean =>
  a.name === b.name &&
  a.operation === b.operation &&
  a.subresource === b.subresource &&
  a.apiVersion === b.apiVersion;

export interface FieldConflict {
  readonly claim: Claim;
  readonly fields: FieldSet;
}

/** Returns the claims of others that a change would overrule. */
export function conflictsOf(claims: readonly Claim[], manager: Manager, change: Comparison): FieldConflict[] {
  const touched = change.modified.union(change.added);
  return claims
    .filter((claim) => !isSameManager(claim, manager))
    .map((claim) => ({ claim, fields: claim.fields.intersection(touched) }))
    .filter(({ fields }) => !fields.isEmpty);
}

/** Returns the claims of everybody but `manager` after a change: overruled and removed fields are nobody's any more. */
export function claimsAfterChange(
  claims: readonly Claim[],
  manager: Manager,
  change: Comparison,
): readonly Claim[] {
  const lost = change.modified.union(change.added).union(change.removed);
  return claims.map((claim) =>
    isSameManager(claim, manager) ? claim : { ...claim, fields: claim.fields.difference(lost) },
  );
}

/** Returns `claims` with `manager`'s own set to `fields`; its time moves only when the fields do. */
export function withClaim(
  claims: readonly Claim[],
  manager: Manager,
  fields: FieldSet,
  time: string,
): readonly Claim[] {
  const own = claims.find((claim) => isSameManager(claim, manager));
  if (own?.fields.equals(fields) === true) return claims;
  return [...claims.filter((claim) => claim !== own), { ...manager, fields, time }];
}
