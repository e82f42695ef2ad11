/** Owns the creation of objects: decode, default, admit, validate, claim fields, store. */
import { randomInt, randomUUID } from 'node:crypto';
import { claimsAfterUpdate, withManagedFields } from '../apply/apply.ts';
import type { Claim } from '../apply/managed-fields.ts';
import { alreadyExists, badRequest } from '../errors/api-error.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { setSchemaDefaults } from '../crd/defaulting.ts';
import type { Draft, ResourceType } from '../resources/resource-type.ts';
import { decodeObject } from './decode.ts';
import type { Core, RequestContext } from './request-context.ts';
import { strategyContext, timestamp, writeContext } from './request-context.ts';
import { validateNew } from './validate.ts';

/** Letters and digits that make no words and are not mistaken for one another, as Kubernetes chooses them. */
const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * Creates an object and returns it as stored. `apply` has the claims of a server-side apply that creates.
 *
 * @throws ApiError 400, 403 (the namespace ends), 404 (no such namespace), 409 (exists), 422.
 */
export function createObject(
  core: Core,
  type: ResourceType,
  input: { readonly namespace: string | undefined; readonly body: unknown },
  request: RequestContext,
  apply?: { readonly claims: readonly Claim[] },
): KubeObject {
  const draft = decodeObject(input.body, type, { namespace: input.namespace }, request);
  const { resourceVersion = '' } = draft.metadata as Partial<KubeObject['metadata']>;
  if (resourceVersion !== '') throw badRequest('resourceVersion should not be set on objects to be created');
  setSystemMetadata(core, draft, type);
  if (type.hasStatus && !keepsStatusOnCreate.has(type.kind)) Reflect.deleteProperty(draft, 'status');
  setDefaults(draft, type);
  core.admission.onCreate(type, draft);
  const context = strategyContext(core);
  type.strategy.prepareForCreate?.(draft, context);
  validateNew(type, draft, context);
  const stored = type.toStored(draft);
  const { name, namespace } = stored.metadata;
  if (core.store.get(type.storage, namespace, name) !== undefined) throw alreadyExists(type, name);
  const write = writeContext(core, type, request, { operation: 'Update', subresource: undefined });
  const claims = apply?.claims ?? claimsAfterUpdate(undefined, draft, write);
  const claimed = withManagedFields(stored, claims);
  return type.fromStored(request.dryRun ? claimed : core.store.put(type.storage, claimed));
}

/** Nodes register with their state, and CSI-like kinds too; everybody else's status is its controller's to write. */
const keepsStatusOnCreate = new Set(['Node']);

/** Fills in what the schema and the kind itself have defaults for. */
export function setDefaults(draft: Draft, type: ResourceType): void {
  if (type.custom) setSchemaDefaults(draft, type.schema);
  type.strategy.setDefaults?.(draft);
}

function setSystemMetadata(core: Core, draft: Draft, type: ResourceType): void {
  const { metadata } = draft;
  if (metadata.name === '' && metadata.generateName !== undefined && metadata.generateName !== '') {
    metadata.name = `${metadata.generateName.slice(0, 58)}${randomSuffix()}`;
  }
  metadata.uid = randomUUID();
  metadata.creationTimestamp = timestamp(core.clock.now());
  for (const field of ['resourceVersion', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'selfLink']) {
    Reflect.deleteProperty(metadata, field);
  }
  if (type.hasGeneration) metadata.generation = 1;
  else delete metadata.generation;
}

const randomSuffix = (): string =>
  Array.from({ length: 5 }, () => suffixAlphabet[randomInt(suffixAlphabet.length)]).join('');
