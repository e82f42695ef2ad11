/** Owns checking permissions on endpoints with the API server (SubjectAccessReview), remembered for a while. */
import { apiGroup } from '../../crds/schema/api.ts';
import type { Clock } from '../../platform/clock.ts';
import { messageOf } from '../../platform/errors.ts';
import type {
  AccessChecker,
  AccessVerdict,
  EndpointRef,
  EndpointVerb,
  Principal,
} from '../../platform/identity/principal.ts';
import type { Answer } from '../../platform/identity/verdict-cache.ts';
import { VerdictCache } from '../../platform/identity/verdict-cache.ts';
import type { Logger } from '../../platform/logging.ts';
import type { KubeClient } from '../client.ts';
import { subjectAccessReviews } from '../kinds.ts';

const timeoutMs = 5_000;

export interface AccessReviewOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly allowedTtlMs: number;
  readonly deniedTtlMs: number;
  readonly max: number;
  /** Most reviews under way at one time. */
  readonly maxAsked: number;
}

/**
 * Returns a checker. While the API server is away, remembered verdicts hold for the rest of their time and every other
 * question is `unavailable`: nobody is let in unchecked.
 */
export function makeAccessReviewChecker(options: AccessReviewOptions): AccessChecker {
  const cache = new VerdictCache<AccessVerdict>({
    ...options,
    overloaded: 'unavailable',
    isRefusal: (verdict) => verdict === 'denied',
  });
  return {
    check: (principal, verb, endpoint) =>
      cache.get(`${verb}/${endpoint.namespace}/${endpoint.name}/${subjectOf(principal)}`, () =>
        review(principal, verb, endpoint, options),
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
  principal: Principal,
  verb: EndpointVerb,
  { namespace, name }: EndpointRef,
  { client, log, allowedTtlMs, deniedTtlMs }: AccessReviewOptions,
): Promise<Answer<AccessVerdict>> {
  const resourceAttributes = { group: apiGroup, resource: 'servingendpoints', verb, namespace, name };
  const spec = { user: principal.name, groups: [...principal.groups], resourceAttributes };
  try {
    const { status } = await client.create(subjectAccessReviews, { spec }, { timeoutMs, repeatable: true });
    return status?.allowed === true
      ? { verdict: 'allowed', holdsMs: allowedTtlMs }
      : { verdict: 'denied', holdsMs: deniedTtlMs };
  } catch (error) {
    log.warn({ cause: messageOf(error), namespace, name }, 'access review failed');
    return { verdict: 'unavailable', holdsMs: 0 };
  }
}
