/** Owns the step from a request's body to an object of the kind: what does not fit is refused, what is unknown goes. */
import { badRequest } from '../errors/api-error.ts';
import type { JsonObject } from '../objects/kube-object.ts';
import { isObject } from '../objects/kube-object.ts';
import { pruneNulls, pruneUnknownFields } from '../crd/prune.ts';
import { checkSchema } from '../crd/validate.ts';
import type { Draft, ResourceType } from '../resources/resource-type.ts';
import { groupVersionOf } from '../resources/resource-type.ts';
import type { RequestContext } from './request-context.ts';

export interface Address {
  readonly namespace: string | undefined;
  /** Absent on creation. */
  readonly name?: string;
}

/**
 * Returns a mutable copy of `body` as an object of `type` at `address`.
 *
 * @throws ApiError 400 where the body is another kind, version, name or namespace, or (built-in kinds) of wrong types;
 * and where it has unknown fields and the request asks for strict validation.
 */
export function decodeObject(
  body: unknown,
  type: ResourceType,
  address: Address,
  request: RequestContext,
): Draft {
  if (!isObject(body)) throw badRequest('the body of the request must be a JSON object');
  checkTypeMeta(body, type);
  const draft = structuredClone(body) as Draft;
  draft.metadata = readMetadata(draft, type);
  checkAddress(draft, type, address);
  const { name = address.name ?? '' } = draft.metadata as Partial<Draft['metadata']>;
  draft.metadata.name = name;
  if (type.namespaced) draft.metadata.namespace = address.namespace ?? '';
  else delete draft.metadata.namespace;
  pruneNulls(draft, type.schema);
  dropUnknownFields(draft, type, request);
  if (!type.custom) checkBuiltinTypes(draft, type);
  return draft;
}

function checkTypeMeta(body: JsonObject, type: ResourceType): void {
  const { apiVersion, kind } = body;
  const expected = groupVersionOf(type);
  if (typeof apiVersion !== 'string' || apiVersion === '' || typeof kind !== 'string' || kind === '') {
    const missing = typeof kind !== 'string' || kind === '' ? 'Kind' : 'apiVersion';
    throw badRequest(`Object '${missing}' is missing in '${JSON.stringify(body).slice(0, 200)}'`);
  }
  if (apiVersion !== expected) {
    throw badRequest(
      `the API version in the data (${apiVersion}) does not match the expected API version (${expected})`,
    );
  }
  if (kind !== type.kind) {
    throw badRequest(
      `${kind} in version "${type.version}" cannot be handled as a ${type.kind}: the kinds differ`,
    );
  }
}

function readMetadata(draft: JsonObject, type: ResourceType): Draft['metadata'] {
  const { metadata } = draft;
  if (metadata === undefined || metadata === null) return {} as Draft['metadata'];
  if (!isObject(metadata)) {
    throw badRequest(
      `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: metadata must be an object`,
    );
  }
  return metadata as unknown as Draft['metadata'];
}

function checkAddress(draft: Draft, type: ResourceType, address: Address): void {
  const { name = '', namespace = '' } = draft.metadata as { name?: string; namespace?: string };
  if (address.name !== undefined && name !== '' && name !== address.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${address.name})`);
  }
  if (type.namespaced && namespace !== '' && namespace !== address.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
}

function dropUnknownFields(draft: Draft, type: ResourceType, request: RequestContext): void {
  const unknown = pruneUnknownFields(draft, type.schema);
  if (unknown.length === 0 || request.fieldValidation === 'Ignore') return;
  const texts = unknown.map((path) => `unknown field "${path}"`);
  if (request.fieldValidation === 'Strict') {
    throw badRequest(
      `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: strict decoding error: ${texts.join(', ')}`,
    );
  }
  request.warnings.push(...texts);
}

/** Values that cannot be decoded into a built-in kind at all are malformed requests, not invalid objects. */
function checkBuiltinTypes(draft: Draft, type: ResourceType): void {
  const [problem] = checkSchema(draft, type.schema, '');
  if (problem === undefined) return;
  throw badRequest(
    `${type.kind} in version "${type.version}" cannot be handled as a ${type.kind}: ${problem.field ?? ''}: ${problem.message}`,
  );
}
