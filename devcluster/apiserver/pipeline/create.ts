/** Owns the creation of objects: decode, default, admit, validate, claim fields, store. */
import { randomInt, randomUUID } from 'node:crypto';
import { claimsAfterUpdate, withManagedFields } from '../apply/apply.ts';
import type { Claim } from '../apply/managed-fields.ts';
import { alreadyExists, badRequest, modifiedMessage } from '../errors/api-error.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { setSchemaDefaults } from '../crd/defaulting.ts';
import type { Draft, ResourceType } from '../resources/resource-type.ts';
import { Overtaken } from './course.ts';
import type { Course } from './course.ts';
import { decodeObject } from './decode.ts';
import type { Address } from './decode.ts';
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
export function* createObject(
  core: Core,
  type: ResourceType,
  input: { readonly namespace: string | undefined; readonly body: unknown },
  request: RequestContext,
  apply?: { readonly claims: readonly Claim[] },
): Course<KubeObject> {
  const decoded = decodeObject(input.body, type, { namespace: input.namespace }, request);
  const { resourceVersion = '' } = decoded.metadata as Partial<KubeObject['metadata']>;
  if (resourceVersion !== '') throw badRequest('resourceVersion should not be set on objects to be created');
  setDefaults(decoded, type);
  core.admission.onCreate(type, decoded);
  const asking = {
    operation: 'CREATE',
    type,
    subresource: undefined,
    oldObject: undefined,
    request,
  } as const;
  const { namespace } = decoded.metadata;
  const name = decoded.metadata.name;
  const answer = yield { ...asking, phase: 'mutate', namespace, name, object: decoded };
  const draft = readAnswer(answer, decoded, type, { namespace }, request);
  setSystemMetadata(core, draft, type);
  if (type.hasStatus && !keepsStatusOnCreate.has(type.kind)) Reflect.deleteProperty(draft, 'status');
  const context = strategyContext(core);
  type.strategy.prepareForCreate?.(draft, context);
  validateNew(type, draft, context);
  const stored = type.toStored(draft);
  yield { ...asking, phase: 'validate', namespace, name: draft.metadata.name, object: draft };
  // Its namespace may have ended while webhooks were asked.
  core.admission.onCreate(type, draft);
  core.admission.beforeStored(type, draft);
  if (core.store.get(type.storage, namespace, draft.metadata.name) !== undefined) {
    // An apply that began as a creation is an update now.
    if (apply !== undefined) throw new Overtaken(409, 'Conflict', modifiedMessage);
    throw alreadyExists(type, draft.metadata.name);
  }
  const write = writeContext(core, type, request, { operation: 'Update', subresource: undefined });
  // What webhooks added is nobody's claim: an apply that does not name it must not take it away again.
  const claimed = draft === decoded ? draft : decoded;
  const claims = apply?.claims ?? claimsAfterUpdate(undefined, claimed, write);
  const complete = withUnclaimedDefaults(withManagedFields(stored, claims), type);
  return type.fromStored(request.dryRun ? complete : core.store.put(type.storage, complete));
}

/** Returns the draft itself, or what a webhook made of it, as it is read from any request. */
export function readAnswer(
  answer: KubeObject | undefined,
  draft: Draft,
  type: ResourceType,
  address: Address,
  request: RequestContext,
): Draft {
  if (answer === undefined || answer === draft) return draft;
  const read = decodeObject(answer, type, address, { ...request, fieldValidation: 'Ignore' });
  setDefaults(read, type);
  return read;
}

/** Nodes register with their state, and CSI-like kinds too; everybody else's status is its controller's to write. */
const keepsStatusOnCreate = new Set(['Node']);

/** Kubernetes defaults what it reads: a status that creation has dropped has its defaults again, claimed by nobody. */
function withUnclaimedDefaults(object: KubeObject, type: ResourceType): KubeObject {
  if (type.custom) setSchemaDefaults(object, type.schema);
  return object;
}

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
