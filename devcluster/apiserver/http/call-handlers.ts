/** Owns what is asked by creating without storing (reviews), and the subresources that are calls (log, token, eviction). */
import type { Authenticator } from '../authn/authenticator.ts';
import type { TokenIssuer } from '../authn/token-issuer.ts';
import type { Authorizer } from '../authz/rbac.ts';
import { methodNotAllowed, notFound, notImplemented } from '../errors/api-error.ts';
import type { NodeServices } from '../node-services.ts';
import type { JsonObject } from '../objects/kube-object.ts';
import { decodeObject } from '../pipeline/decode.ts';
import { runUnasked } from '../pipeline/course.ts';
import { deleteObject, parseDeleteOptions } from '../pipeline/delete.ts';
import type { Core } from '../pipeline/request-context.ts';
import { getLive } from '../pipeline/update.ts';
import type { ResourceType } from '../resources/resource-type.ts';
import { reviewOwnAccess, reviewOwnRules, reviewSubjectAccess } from '../reviews/access-reviews.ts';
import { requestToken, reviewSelf, reviewToken } from '../reviews/token-reviews.ts';
import { parseLogOptions, servePodLog } from '../subresources/pod-log.ts';
import { isObject } from '../objects/kube-object.ts';
import { objectMediaTypes, readObject } from './body.ts';
import { requestContextOf } from './exchange.ts';
import type { Exchange } from './exchange.ts';
import type { ResourceRequest } from './request-info.ts';
import { sendJson } from './responses.ts';

export interface CallDeps {
  readonly core: Core;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly issuer: TokenIssuer;
  readonly nodeServices: () => NodeServices | undefined;
}

type CallExchange = Exchange<ResourceRequest>;
type Review = (
  deps: CallDeps,
  review: JsonObject,
  exchange: CallExchange,
) => JsonObject | Promise<JsonObject>;

const reviews: Readonly<Record<string, Review>> = {
  TokenReview: (deps, review) => reviewToken(review, deps.authenticator),
  SelfSubjectReview: (_deps, review, { user }) => reviewSelf(review, user),
  SubjectAccessReview: (deps, review) => reviewSubjectAccess(review, deps.authorizer),
  LocalSubjectAccessReview: (deps, review, { info }) =>
    reviewSubjectAccess(review, deps.authorizer, info.namespace),
  SelfSubjectAccessReview: (deps, review, { user }) => reviewOwnAccess(review, deps.authorizer, user),
  SelfSubjectRulesReview: (deps, review, { user }) => reviewOwnRules(review, deps.authorizer, user),
};

export const isReview = (type: ResourceType): boolean => !type.custom && Object.hasOwn(reviews, type.kind);

/** Answers a review. @throws ApiError 400, 405. */
export async function handleReview(
  deps: CallDeps,
  exchange: CallExchange,
  type: ResourceType,
): Promise<void> {
  const review = reviews[type.kind];
  if (exchange.info.verb !== 'create' || review === undefined) {
    throw methodNotAllowed('the server does not allow this method on the requested resource');
  }
  const body = await readObject(exchange.request, objectMediaTypes);
  const namespace = type.namespaced ? exchange.info.namespace : undefined;
  const draft = decodeObject(body, type, { namespace }, requestContextOf(exchange));
  sendJson(exchange.response, 201, await review(deps, draft, exchange));
}

/** Answers a subresource that is a call. @throws ApiError 400, 404, 405, 501. */
export async function handleCall(deps: CallDeps, exchange: CallExchange, type: ResourceType): Promise<void> {
  const { subresource = '', name = '', verb, namespace = '' } = exchange.info;
  const target = { namespace, name };
  const live = getLive(deps.core, type, target);
  switch (subresource) {
    case 'log': {
      const options = parseLogOptions(live, exchange.info.query);
      await servePodLog(exchange.response, live, options, deps.nodeServices());
      return;
    }
    case 'token': {
      if (verb !== 'create') throw methodNotAllowed('tokens are created, not read');
      const body = await readObject(exchange.request, objectMediaTypes);
      const answer = await requestToken(isObject(body) ? body : {}, target, deps.issuer);
      sendJson(exchange.response, 201, answer);
      return;
    }
    case 'eviction': {
      const request = requestContextOf(exchange);
      const body = await readObject(exchange.request, objectMediaTypes);
      const options = parseDeleteOptions(isObject(body) ? body['deleteOptions'] : undefined);
      runUnasked(deleteObject(deps.core, type, target, options, request));
      sendJson(exchange.response, 201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success' });
      return;
    }
    default:
      if (!type.calls.includes(subresource)) throw notFound(type, `${name}/${subresource}`);
      throw notImplemented(
        `${type.plural}/${subresource} is not served by the embedded cluster: its containers are local processes; read their logs, or attach to the processes themselves`,
      );
  }
}
