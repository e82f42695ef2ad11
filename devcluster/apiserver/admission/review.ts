/** Owns the AdmissionReview: what a webhook is asked, and what may be made of its answer. */
import { ApiError } from '../errors/api-error.ts';
import { isObject, objectAt } from '../objects/kube-object.ts';
import type { JsonObject, KubeObject } from '../objects/kube-object.ts';
import type { AdmissionQuestion } from '../pipeline/course.ts';
import type { ResourceType } from '../resources/resource-type.ts';
import { groupVersionOf } from '../resources/resource-type.ts';

export const reviewVersion = 'admission.k8s.io/v1';

const optionKinds = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions' } as const;

/** Returns the request of a review; `type` is the version of the kind that the webhook wants to see. */
export function makeReviewRequest(question: AdmissionQuestion, type: ResourceType, uid: string): JsonObject {
  const { operation, namespace, name, subresource, request } = question;
  const { user, dryRun, fieldManager, fieldValidation } = request;
  const show = (object: KubeObject | undefined): unknown =>
    object === undefined ? null : inVersion(object, question.type, type);
  const [kind, resource] = namesOf(question, type);
  const [requestKind, requestResource] = namesOf(question, question.type);
  const sub = subresource === undefined ? {} : { subResource: subresource, requestSubResource: subresource };
  return {
    uid,
    kind,
    resource,
    ...sub,
    requestKind,
    requestResource,
    ...(name === '' ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    operation,
    userInfo: user,
    object: show(question.object),
    oldObject: show(question.oldObject),
    dryRun,
    options: {
      kind: optionKinds[operation],
      apiVersion: 'meta.k8s.io/v1',
      ...(dryRun ? { dryRun: ['All'] } : {}),
      ...(operation === 'DELETE' ? {} : { fieldManager, fieldValidation }),
    },
  };
}

/** Returns kind and resource; on `/scale` the kind is that of the body. */
function namesOf({ subresource }: AdmissionQuestion, type: ResourceType): [JsonObject, JsonObject] {
  const { group, version, kind, plural } = type;
  const ofKind =
    subresource === 'scale'
      ? { group: 'autoscaling', version: 'v1', kind: 'Scale' }
      : { group, version, kind };
  return [ofKind, { group, version, resource: plural }];
}

/** Returns an object of one version of a kind in another version of it. */
export function inVersion(object: KubeObject, from: ResourceType, to: ResourceType): KubeObject {
  if (from === to || object.kind !== from.kind) return object;
  const turned = to.fromStored(from.toStored(object));
  return { ...turned, apiVersion: groupVersionOf(to), kind: to.kind };
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

export interface ReviewAnswer {
  readonly allowed: boolean;
  readonly status: JsonObject;
  readonly warnings: readonly string[];
  /** A JSON patch. */
  readonly patch: unknown;
}

/**
 * Returns the answer in a review.
 *
 * @throws Error saying what is wrong with it, as Kubernetes does.
 */
export function parseReview(body: unknown, uid: string, mayPatch: boolean): ReviewAnswer {
  const review = isObject(body) ? body : {};
  const { apiVersion, kind, response } = review;
  if (apiVersion !== reviewVersion || kind !== 'AdmissionReview') {
    throw new Error(
      `expected webhook response of ${reviewVersion}, Kind=AdmissionReview, got ${textOf(apiVersion)}, Kind=${textOf(kind)}`,
    );
  }
  if (!isObject(response)) throw new Error('webhook response was absent');
  if (response['uid'] !== uid) {
    throw new Error(`expected response.uid="${uid}", got "${textOf(response['uid'])}"`);
  }
  const warnings = response['warnings'];
  return {
    allowed: response['allowed'] === true,
    status: objectAt(response, 'status'),
    warnings: Array.isArray(warnings) ? warnings.map(String) : [],
    patch: parsePatch(response, mayPatch),
  };
}

function parsePatch({ patch, patchType }: JsonObject, mayPatch: boolean): unknown {
  if (patch === undefined && patchType === undefined) return undefined;
  if (!mayPatch) throw new Error('validating webhook response contains a patch');
  if (patch === undefined) throw new Error('webhook returned response.patchType but not response.patch');
  if (patchType === undefined) throw new Error('webhook returned response.patch but not response.patchType');
  if (patchType !== 'JSONPatch') {
    throw new Error(`webhook returned invalid response.patchType of "${textOf(patchType)}"`);
  }
  return JSON.parse(Buffer.from(textOf(patch), 'base64').toString('utf8')) as unknown;
}

/** Returns the refusal of a webhook as the person who wrote sees it. */
export function refusalOf(hook: string, { status }: ReviewAnswer): ApiError {
  const { code, message, reason, details } = status;
  const by = `admission webhook ${JSON.stringify(hook)} denied the request`;
  const said = [message, reason].find((text) => typeof text === 'string' && text !== '');
  const text = typeof said === 'string' ? `${by}: ${said}` : `${by} without explanation`;
  const httpStatus = typeof code === 'number' && code >= 400 ? code : 400;
  return new ApiError(
    httpStatus,
    typeof reason === 'string' ? reason : '',
    text,
    isObject(details) ? details : undefined,
  );
}
