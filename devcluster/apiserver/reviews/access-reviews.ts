/** Owns the questions about access: SubjectAccessReview and its siblings, answered from RBAC. */
import type { AccessAttributes, Authorizer } from '../authz/rbac.ts';
import { badRequest } from '../errors/api-error.ts';
import { isObject, objectAt } from '../objects/kube-object.ts';
import type { JsonObject } from '../objects/kube-object.ts';
import type { UserInfo } from '../pipeline/request-context.ts';

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

/** Answers a SubjectAccessReview or LocalSubjectAccessReview. @throws ApiError 400 where it asks nothing. */
export function reviewSubjectAccess(
  review: JsonObject,
  authorizer: Authorizer,
  namespace?: string,
): JsonObject {
  const spec = objectAt(review, 'spec');
  const user: UserInfo = { username: text(spec['user']), groups: texts(spec['groups']) };
  if (user.username === '' && user.groups.length === 0) {
    throw badRequest('spec.user: Invalid value: "": at least one of user or group must be specified');
  }
  const attributes = attributesOf(spec);
  if (namespace !== undefined && 'namespace' in attributes && attributes.namespace !== namespace) {
    throw badRequest(
      `spec.resourceAttributes.namespace: Invalid value: "${attributes.namespace ?? ''}": must match metadata.namespace`,
    );
  }
  return { ...review, status: statusOf(authorizer, user, attributes) };
}

/** Answers a SelfSubjectAccessReview. @throws ApiError 400 where it asks nothing. */
export function reviewOwnAccess(review: JsonObject, authorizer: Authorizer, user: UserInfo): JsonObject {
  return { ...review, status: statusOf(authorizer, user, attributesOf(objectAt(review, 'spec'))) };
}

/** Answers a SelfSubjectRulesReview. */
export function reviewOwnRules(review: JsonObject, authorizer: Authorizer, user: UserInfo): JsonObject {
  const rules = authorizer.rulesOf(user, text(objectAt(review, 'spec')['namespace']));
  return {
    ...review,
    status: {
      resourceRules: rules.filter((rule) => rule.resources !== undefined),
      nonResourceRules: rules.filter((rule) => rule.nonResourceURLs !== undefined),
      incomplete: false,
    },
  };
}

function statusOf(authorizer: Authorizer, user: UserInfo, attributes: AccessAttributes): JsonObject {
  const { allowed, reason } = authorizer.decide(user, attributes);
  return { allowed, ...(reason === '' ? {} : { reason }) };
}

function attributesOf(spec: JsonObject): AccessAttributes {
  const resource = spec['resourceAttributes'];
  const path = spec['nonResourceAttributes'];
  if (isObject(resource) === isObject(path)) {
    throw badRequest('spec: exactly one of nonResourceAttributes or resourceAttributes must be specified');
  }
  if (isObject(path)) return { verb: text(path['verb']), path: text(path['path']) };
  const asked = resource as JsonObject;
  return {
    verb: text(asked['verb']),
    group: text(asked['group']),
    resource: text(asked['resource']),
    subresource: text(asked['subresource']),
    namespace: text(asked['namespace']),
    name: text(asked['name']),
  };
}
