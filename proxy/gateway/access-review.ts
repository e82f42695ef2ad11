/** Owns checking permissions with the API server (SubjectAccessReview, verb `query` on the ServingEndpoint). */
import { apiGroup } from '../../crds/schema/api.ts';
import { subjectAccessReviews } from '../../kube/kinds.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../platform/clock.ts';
import { messageOf } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logging.ts';
import type { Principal } from '../stages/authenticate/authenticate.ts';
import type { AccessChecker, AccessVerdict, EndpointRef } from '../stages/authorise/authorise.ts';
import { VerdictCache } from './verdict-cache.ts';

const timeoutMs = 5_000;

/** Returns a checker; while the API server is away it behaves as the one of tokens does. */
export function makeAccessReviewChecker(options: {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly allowedTtlMs: number;
  readonly deniedTtlMs: number;
  readonly max: number;
}): AccessChecker {
  const { client, clock, log } = options;
  const cache = new VerdictCache<AccessVerdict>({
    max: options.max,
    clock,
    isRefusal: (verdict) => verdict === 'denied',
    ttlMs: (verdict) => {
      if (verdict === 'unavailable') return 0;
      return verdict === 'denied' ? options.deniedTtlMs : options.allowedTtlMs;
    },
  });
  return {
    check: (principal, endpoint) =>
      cache.get(`${endpoint.namespace}/${endpoint.name}/${subjectOf(principal)}`, () =>
        review(client, principal, endpoint, log),
      ),
  };
}

/** Groups are part of who somebody is: two tokens of one user may differ in them. Neither may forge the separator. */
const subjects = new WeakMap<readonly string[], string>();
function subjectOf({ name, groups }: Principal): string {
  let joined = subjects.get(groups);
  if (joined === undefined) {
    joined = JSON.stringify(groups);
    subjects.set(groups, joined);
  }
  return `${joined}/${name}`;
}

async function review(
  client: KubeClient,
  principal: Principal,
  endpoint: EndpointRef,
  log: Logger,
): Promise<AccessVerdict> {
  try {
    const { status } = await client.create(
      subjectAccessReviews,
      {
        spec: {
          user: principal.name,
          groups: [...principal.groups],
          resourceAttributes: {
            group: apiGroup,
            resource: 'servingendpoints',
            verb: 'query',
            namespace: endpoint.namespace,
            name: endpoint.name,
          },
        },
      },
      { timeoutMs, repeatable: true },
    );
    return status?.allowed === true ? 'allowed' : 'denied';
  } catch (error) {
    log.warn({ cause: messageOf(error), ...endpoint }, 'access review failed');
    return 'unavailable';
  }
}
