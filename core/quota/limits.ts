/** Owns which rate limits bind a caller: the endpoint's ceiling, and the most particular one of the caller's own. */
import type { RateLimit } from '../../crds/schema/governance.ts';

/** Who asks, as the limits see it. */
export interface LimitedCaller {
  readonly principal: string;
  readonly groups: readonly string[];
}

/** One counter that a request uses up: which, and how many calls it allows per period. */
export interface CallLimit {
  /** Tells counters of one endpoint apart. */
  readonly counter: string;
  readonly scope: RateLimit['key'];
  readonly calls: number;
}

/** The limits that bind one caller. A request needs room in each of `all`, and in one of `anyOf` unless it is empty. */
export interface BindingLimits {
  readonly all: readonly CallLimit[];
  /** Limits of the caller's groups: whoever is in several groups is stopped only when all of them are used up. */
  readonly anyOf: readonly CallLimit[];
}

const serviceAccountPrefix = 'system:serviceaccount:';

/**
 * Returns the limits on calls that bind `caller`. The endpoint's limits always do. Of the others: one that names the
 * caller wins over those that name the caller's groups, and these win over the default for every user (the order of
 * the original: custom beats default, user beats group). Limits on tokens alone bind nothing here.
 */
export function bindingLimits(limits: readonly RateLimit[], caller: LimitedCaller): BindingLimits {
  const { all, anyOf } = everyBindingLimit(limits, caller);
  return { all: strictest(all), anyOf: strictest(anyOf) };
}

/** Of several limits on one counter the lowest counts: each of them alone would take the same call from it. */
function strictest(limits: readonly CallLimit[]): CallLimit[] {
  const byCounter = new Map<string, CallLimit>();
  for (const limit of limits) {
    const known = byCounter.get(limit.counter);
    if (known === undefined || limit.calls < known.calls) byCounter.set(limit.counter, limit);
  }
  return [...byCounter.values()];
}

function everyBindingLimit(limits: readonly RateLimit[], caller: LimitedCaller): BindingLimits {
  const endpoint = limits
    .filter((limit) => limit.key === 'endpoint')
    .flatMap((limit) => callLimit(limit, ''));
  const named = limits
    .filter((limit) => isOfPrincipals(limit) && limit.principal === caller.principal)
    .flatMap((limit) => callLimit(limit, caller.principal));
  if (named.length > 0) return { all: [...endpoint, ...named], anyOf: [] };
  const groups = limits
    .filter((limit) => limit.key === 'userGroup')
    .flatMap((limit) => groupsOf(limit, limits, caller).flatMap((group) => callLimit(limit, group)));
  if (groups.length > 0) return { all: endpoint, anyOf: groups };
  return { all: [...endpoint, ...defaultsFor(limits, caller)], anyOf: [] };
}

/** A service account is bound by the default for service principals, and by the one for users where that is absent. */
function defaultsFor(limits: readonly RateLimit[], caller: LimitedCaller): CallLimit[] {
  const defaultsOf = (key: RateLimit['key']): CallLimit[] =>
    limits
      .filter((limit) => limit.key === key && limit.principal === undefined)
      .flatMap((limit) => callLimit(limit, caller.principal));
  const own = caller.principal.startsWith(serviceAccountPrefix) ? defaultsOf('servicePrincipal') : [];
  return own.length > 0 ? own : defaultsOf('user');
}

/** A limit without a name is the default for the groups that no limit names. */
function groupsOf(
  limit: RateLimit,
  limits: readonly RateLimit[],
  { groups }: LimitedCaller,
): readonly string[] {
  const { principal } = limit;
  if (principal !== undefined) return groups.includes(principal) ? [principal] : [];
  const named = new Set(
    limits
      .filter(({ key, calls }) => key === 'userGroup' && calls !== undefined)
      .map((other) => other.principal),
  );
  return groups.filter((group) => !named.has(group));
}

const isOfPrincipals = (limit: RateLimit): boolean =>
  limit.key === 'user' || limit.key === 'servicePrincipal';

function callLimit(limit: RateLimit, subject: string): CallLimit[] {
  if (limit.calls === undefined) return [];
  return [{ counter: `${limit.key}/${subject}`, scope: limit.key, calls: limit.calls }];
}
