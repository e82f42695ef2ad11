/** Owns acting as somebody else (`kubectl --as`): who may, and whom the request then counts as. */
import type { IncomingMessage } from 'node:http';
import type { Authorizer } from '../authz/rbac.ts';
import { forbiddenText } from '../authz/rbac.ts';
import { ApiError, badRequest } from '../errors/api-error.ts';
import type { UserInfo } from '../pipeline/request-context.ts';

const serviceAccountPattern = /^system:serviceaccount:([^:]+):([^:]+)$/;

/**
 * Returns who the request acts as: `user`, or whom its `Impersonate-*` headers name.
 *
 * @throws ApiError 403 where the user may not impersonate one of them, 400 where groups come without a user.
 */
export function impersonatedUser(request: IncomingMessage, user: UserInfo, authorizer: Authorizer): UserInfo {
  const [name] = request.headersDistinct['impersonate-user'] ?? [];
  const groups = request.headersDistinct['impersonate-group'] ?? [];
  if (name === undefined) {
    if (groups.length > 0) throw badRequest('requested groups without impersonating a user');
    return user;
  }
  const account = serviceAccountPattern.exec(name);
  if (account === null) check(user, authorizer, { resource: 'users', name });
  else
    check(user, authorizer, { resource: 'serviceaccounts', name: account[2] ?? '', namespace: account[1] });
  for (const group of groups) check(user, authorizer, { resource: 'groups', name: group });
  const own =
    account === null || groups.length > 0
      ? groups
      : ['system:serviceaccounts', `system:serviceaccounts:${account[1] ?? ''}`];
  return { username: name, groups: [...own, 'system:authenticated'] };
}

function check(
  user: UserInfo,
  authorizer: Authorizer,
  target: { readonly resource: string; readonly name: string; readonly namespace?: string | undefined },
): void {
  const attributes = { verb: 'impersonate', group: '', ...target };
  if (authorizer.decide(user, attributes).allowed) return;
  const details = { name: target.name, group: '', kind: target.resource };
  throw new ApiError(403, 'Forbidden', forbiddenText(user, attributes), details);
}
