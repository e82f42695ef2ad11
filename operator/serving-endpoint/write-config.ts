/** Owns the writing of a config into the spec of an endpoint, when an update of it was cancelled. */
import type { ConfigVersion } from '../../core/config-versions/endpoint-config.ts';
import { apiVersion } from '../../crds/schema/api.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import type { KubeClient } from '../../kube/client.ts';
import { servingEndpoints } from '../../kube/kinds.ts';
import { fieldManager } from './names.ts';

/**
 * Writes a config into the spec, over the spec that the decision was made on. The annotation that asked for it stays: it
 * tells afterwards that the update was cancelled.
 *
 * Whoever applied the spec server-side goes on owning it: the list of entities is merged by name, so that an entity in
 * the name of another manager would still be there after their next apply.
 *
 * @throws ApiError; a conflict where somebody has changed the endpoint meanwhile.
 */
export async function writeConfig(
  client: KubeClient,
  { metadata }: ServingEndpoint,
  { config }: ConfigVersion,
): Promise<void> {
  const { name, namespace, resourceVersion } = metadata;
  const spec = { servedEntities: config.servedEntities, traffic: { routes: config.routes } };
  const live = await client.get(servingEndpoints, { name, namespace });
  const applied = lastApplied(live);
  if (applied === undefined) {
    const patch = { metadata: { resourceVersion }, spec };
    await client.mergePatch(servingEndpoints, { name, namespace }, patch, { fieldManager });
    return;
  }
  const owned = applied.owned as Partial<ServingEndpoint>;
  const object = {
    ...owned,
    apiVersion,
    kind: 'ServingEndpoint',
    metadata: { ...owned.metadata, name, namespace, resourceVersion },
    spec: { ...owned.spec, ...spec },
  } as ServingEndpoint;
  await client.apply(servingEndpoints, object, { fieldManager: applied.manager });
}

interface ManagedFields {
  readonly manager?: string;
  readonly operation?: string;
  readonly subresource?: string;
  readonly fieldsV1?: Fields;
}

/** A set of fields as `metadata.managedFields` tells it: `f:` a field, `k:` an entry by its keys, `v:` a value. */
interface Fields {
  readonly [step: string]: Fields;
}

/** Returns who applied the entities server-side, and all that they own. */
export function lastApplied(
  endpoint: ServingEndpoint,
): { readonly manager: string; readonly owned: unknown } | undefined {
  const { managedFields } = endpoint.metadata as { managedFields?: readonly ManagedFields[] };
  for (const { manager, operation, subresource, fieldsV1 } of managedFields ?? []) {
    const isOfSpec = operation === 'Apply' && (subresource ?? '') === '';
    if (manager === undefined || fieldsV1 === undefined || !isOfSpec) continue;
    if (fieldsV1['f:spec']?.['f:servedEntities'] !== undefined) {
      return { manager, owned: pick(endpoint, fieldsV1) };
    }
  }
  return undefined;
}

function pick(value: unknown, fields: Fields): unknown {
  const steps = Object.keys(fields).filter((step) => step !== '.');
  if (steps.length === 0) return value;
  if (Array.isArray(value)) return value.flatMap((entry: unknown) => pickEntry(entry, fields, steps));
  if (typeof value !== 'object' || value === null) return value;
  const picked = Object.entries(value).flatMap(([name, field]) => {
    const below = fields[`f:${name}`];
    return below === undefined ? [] : [[name, pick(field, below)] as const];
  });
  return Object.fromEntries(picked);
}

function pickEntry(entry: unknown, fields: Fields, steps: readonly string[]): unknown[] {
  for (const step of steps) {
    const key: unknown = JSON.parse(step.slice(2));
    if (step.startsWith('v:') && key === entry) return [entry];
    if (step.startsWith('k:') && hasKeys(entry, key)) {
      return [{ ...(key as object), ...(pick(entry, fields[step] ?? {}) as object) }];
    }
  }
  return [];
}

const hasKeys = (entry: unknown, keys: unknown): boolean =>
  Object.entries(keys as Record<string, unknown>).every(
    ([name, value]) => (entry as Record<string, unknown>)[name] === value,
  );
