/** Owns the questions about identity: TokenReview, SelfSubjectReview, and TokenRequest. */
import type { Authenticator } from '../authn/authenticator.ts';
import { tokenIssuer } from '../authn/token-issuer.ts';
import type { TokenIssuer } from '../authn/token-issuer.ts';
import { badRequest } from '../errors/api-error.ts';
import { isObject, objectAt } from '../objects/kube-object.ts';
import type { JsonObject } from '../objects/kube-object.ts';
import { timestamp } from '../pipeline/request-context.ts';
import type { UserInfo } from '../pipeline/request-context.ts';

/** Answers a TokenReview; a token that is nobody's is an answer, not an error. */
export async function reviewToken(review: JsonObject, authenticator: Authenticator): Promise<JsonObject> {
  const spec = objectAt(review, 'spec');
  const { token, audiences } = spec;
  if (typeof token !== 'string' || token === '') throw badRequest('spec.token is required');
  const wanted = Array.isArray(audiences) ? audiences.map(String) : [];
  const verified = await authenticator.review(token, wanted);
  const status =
    verified === undefined
      ? { authenticated: false, user: {}, error: 'invalid bearer token' }
      : { authenticated: true, user: userObject(verified.user), audiences: verified.audiences };
  return { ...review, spec: { ...spec, token }, status };
}

/** Answers a SelfSubjectReview. */
export const reviewSelf = (review: JsonObject, user: UserInfo): JsonObject => ({
  ...review,
  status: { userInfo: userObject(user) },
});

function userObject(user: UserInfo): JsonObject {
  const { username, uid, groups, extra } = user;
  return {
    username,
    ...(uid === undefined ? {} : { uid }),
    groups,
    ...(extra === undefined ? {} : { extra }),
  };
}

/** Answers a TokenRequest of a ServiceAccount. @throws ApiError 400, 404. */
export async function requestToken(
  body: JsonObject,
  account: { readonly namespace: string; readonly name: string },
  issuer: TokenIssuer,
): Promise<JsonObject> {
  const spec = objectAt(body, 'spec');
  const { audiences, expirationSeconds, boundObjectRef } = spec;
  if (isObject(boundObjectRef) && boundObjectRef['kind'] !== 'Pod') {
    throw badRequest('spec.boundObjectRef: only Pods can be bound to');
  }
  const wanted = Array.isArray(audiences) && audiences.length > 0 ? audiences.map(String) : [tokenIssuer];
  const { token, expiresAt } = await issuer.issue({
    ...account,
    audiences: wanted,
    ...(typeof expirationSeconds === 'number' ? { expirationSeconds } : {}),
    ...(isObject(boundObjectRef) ? { pod: podOf(boundObjectRef) } : {}),
  });
  return {
    ...body,
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { ...account, creationTimestamp: null },
    spec: { ...spec, audiences: wanted },
    status: { token, expirationTimestamp: timestamp(expiresAt) },
  };
}

const podOf = ({ name, uid }: JsonObject): { name: string; uid: string } => ({
  name: typeof name === 'string' ? name : '',
  uid: typeof uid === 'string' ? uid : '',
});
