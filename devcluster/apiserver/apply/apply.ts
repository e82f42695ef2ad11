/** Owns server-side apply and the tracking of plain updates: the new object and the new claims on its fields. */
import { ApiError } from '../errors/api-error.ts';
import type { JsonObject, KubeObject } from '../objects/kube-object.ts';
import type { Schema } from '../schema/schema.ts';
import { FieldSet, pathText } from './field-set.ts';
import { compareValues, fieldSetOf } from './field-sets-of-values.ts';
import type { Comparison } from './field-sets-of-values.ts';
import { fieldsOfLastApply, kubectlManager } from './last-applied.ts';
import {
  claimsAfterChange,
  claimsOf,
  conflictsOf,
  isSameManager,
  managedFieldsOf,
  withClaim,
  withoutServerFields,
} from './managed-fields.ts';
import type { Claim, FieldConflict, Manager } from './managed-fields.ts';
import { mergeConfiguration, removeAbandoned } from './merge.ts';

export interface WriteContext {
  readonly schema: Schema;
  readonly manager: Manager;
  /** RFC 3339; the time of claims that change. */
  readonly time: string;
  /** Returns the fields that can be claimed through this endpoint: not `status` on the main one, nothing else on /status. */
  readonly claimable: (fields: FieldSet) => FieldSet;
}

/** Fields that existed before anybody's claims were tracked belong to this manager. */
const beforeFirstApply = 'before-first-apply';

/**
 * Returns `live` with the configuration applied; `live` undefined creates. Fields that the manager applied before and
 * no longer does go away unless somebody else claims them. `managedFields` is set by `trackApply`, after defaulting.
 *
 * @throws ApiError 409 listing each conflict, unless `force`.
 */
export function applyConfiguration(
  live: KubeObject | undefined,
  config: JsonObject,
  context: WriteContext & { readonly force: boolean },
): { readonly object: JsonObject; readonly claims: readonly Claim[] } {
  const { schema, manager, time } = context;
  const applied = appliedFields(config, context);
  const claims = liveClaims(live, context);
  if (live === undefined) return { object: config, claims: withClaim([], manager, applied, time) };
  const base = withoutManagedFields(live);
  const merged = mergeConfiguration(base, withoutManagedFields(config), schema) as JsonObject;
  const previous = claims.find((claim) => isSameManager(claim, manager))?.fields ?? FieldSet.empty;
  const others = claims.filter((claim) => !isSameManager(claim, manager));
  const owned = others.reduce((all, claim) => all.union(claim.fields), applied);
  const object = removeAbandoned(merged, previous.difference(applied), owned, schema) as JsonObject;
  const change = claimableChange(compareValues(base, object, schema), context);
  const conflicts = withoutOwnPast(conflictsOf(claims, manager, change), live, context);
  if (conflicts.length > 0 && !context.force) throw conflictError(conflicts);
  const rest = claimsAfterChange(claims, manager, change);
  return { object, claims: withClaim(rest, manager, applied, time) };
}

/** Leaves out what kubectl itself applied from the client's side. */
function withoutOwnPast(
  conflicts: readonly FieldConflict[],
  live: KubeObject,
  { manager, schema }: WriteContext,
): readonly FieldConflict[] {
  if (manager.name !== kubectlManager || conflicts.length === 0) return conflicts;
  const own = fieldsOfLastApply(live, schema);
  return conflicts
    .map(({ claim, fields }) => ({ claim, fields: fields.difference(own) }))
    .filter(({ fields }) => !fields.isEmpty);
}

/** Returns the claims after a create or update by `manager`: it claims what it added or changed. */
export function claimsAfterUpdate(
  live: KubeObject | undefined,
  next: KubeObject,
  context: WriteContext,
): readonly Claim[] {
  const { schema, manager, time } = context;
  const before = live === undefined ? {} : withoutManagedFields(live);
  const compared = compareValues(before, withoutManagedFields(next), schema);
  const change = claimableChange(compared, context);
  const written = next.metadata.managedFields ?? [];
  // Clients that migrate from client-side apply write managedFields themselves; one that drops them does not mean it.
  const claims = written.length > 0 ? claimsOf(next) : claimsOf(live);
  const own = claims.find((claim) => isSameManager(claim, manager))?.fields ?? FieldSet.empty;
  const fields = own.difference(change.removed).union(change.modified).union(change.added);
  const allowed = withoutServerFields(fields);
  return withClaim(claimsAfterChange(claims, manager, change), manager, allowed, time);
}

/** Returns `object` with its claims written into `metadata.managedFields`, restricted to fields that it still has. */
export function withManagedFields(object: KubeObject, claims: readonly Claim[]): KubeObject {
  const { managedFields: _old, ...metadata } = object.metadata;
  const entries = managedFieldsOf(claims);
  return { ...object, metadata: entries.length === 0 ? metadata : { ...metadata, managedFields: entries } };
}

function appliedFields(config: JsonObject, context: WriteContext): FieldSet {
  return withoutServerFields(context.claimable(fieldSetOf(config, context.schema)));
}

/** What an endpoint resets did not change through it, whatever the request says. */
function claimableChange(change: Comparison, { claimable }: WriteContext): Comparison {
  return {
    added: claimable(change.added),
    modified: claimable(change.modified),
    removed: claimable(change.removed),
  };
}

function liveClaims(live: KubeObject | undefined, context: WriteContext): readonly Claim[] {
  const claims = claimsOf(live);
  if (live === undefined || claims.length > 0) return claims;
  const fields = withoutServerFields(fieldSetOf(withoutManagedFields(live), context.schema));
  const { apiVersion } = context.manager;
  return [{ name: beforeFirstApply, operation: 'Update', apiVersion, fields, time: context.time }];
}

function withoutManagedFields(object: JsonObject | KubeObject): JsonObject {
  const { managedFields: _managed, ...metadata } = (object as JsonObject)['metadata'] as JsonObject;
  return { ...object, metadata };
}

function conflictError(conflicts: readonly FieldConflict[]): ApiError {
  const single = conflicts.flatMap(({ claim, fields }) =>
    [...fields.paths()].map((path) => ({ manager: managerText(claim), path: pathText(path) })),
  );
  const causes = single.map(({ manager, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${manager}`,
    field: path,
  }));
  return new ApiError(409, 'Conflict', conflictMessage(single), { causes });
}

function conflictMessage(conflicts: readonly { manager: string; path: string }[]): string {
  const [only] = conflicts;
  if (conflicts.length === 1 && only !== undefined) {
    return `Apply failed with 1 conflict: conflict with ${only.manager}: ${only.path}`;
  }
  const lines = [...new Set(conflicts.map(({ manager }) => manager))].sort().flatMap((manager) => {
    const paths = conflicts.filter((conflict) => conflict.manager === manager).map(({ path }) => `- ${path}`);
    return [`conflicts with ${manager}:`, ...paths];
  });
  return `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`;
}

function managerText(claim: Claim): string {
  const name = JSON.stringify(claim.name);
  const who = claim.subresource === undefined ? name : `${name} with subresource "${claim.subresource}"`;
  if (claim.operation === 'Apply') return who;
  const at = claim.time === undefined ? '' : ` at ${claim.time}`;
  return `${who} using ${claim.apiVersion}${at}`;
}
