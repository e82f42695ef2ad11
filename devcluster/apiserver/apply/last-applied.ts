/** Owns the move from kubectl's client-side apply to server-side apply: what it applied before, it may take over. */
import type { JsonObject, KubeObject } from '../objects/kube-object.ts';
import { isObject } from '../objects/kube-object.ts';
import type { Schema } from '../schema/schema.ts';
import { FieldSet } from './field-set.ts';
import { compareValues, fieldSetOf } from './field-sets-of-values.ts';

/** `kubectl apply --server-side` without `--field-manager`: nobody else takes anything over. */
export const kubectlManager = 'kubectl';
const annotation = 'kubectl.kubernetes.io/last-applied-configuration';

/**
 * Returns the fields that kubectl applied from the client's side, by its annotation, and that still are as it applied
 * them; none where the annotation is of another API version. Rule of the API server's LastAppliedManager.
 */
export function fieldsOfLastApply(live: KubeObject, schema: Schema): FieldSet {
  const lastApplied = parseLastApplied(live.metadata.annotations?.[annotation]);
  if (lastApplied?.['apiVersion'] !== live.apiVersion) return FieldSet.empty;
  const { modified, added, removed } = compareValues(lastApplied, live, schema);
  return fieldSetOf(lastApplied, schema).difference(modified).difference(added).difference(removed);
}

/** Anybody may write annotations, so that it may hold anything. */
function parseLastApplied(text = ''): JsonObject | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}
