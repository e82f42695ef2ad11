/** Owns which rate limits bind a caller: the endpoint's ceiling, and the most particular ones of the caller's own. */
import type { RateLimit } from '../../crds/schema/governance.ts';

/** Who asks, as the limits see it. */
export interface LimitedCaller {
  readonly principal: string;
  readonly groups: readonly string[];
}

export type LimitUnit = 'calls' | 'tokens';

/** One counter that a request uses up: what it counts, and how much of it there is. */
export interface CounterRule {
  /** Tells counters of one endpoint apart; stays the same when the limit is raised or lowered. */
  readonly id: string;
  readonly scope: RateLimit['key'];
  readonly unit: LimitUnit;
  /** Per minute. */
  readonly limit: number;
  /** Most that may come at once where the limit is spread evenly over time; undefined: it holds for fixed minutes. */
  readonly burst: number | undefined;
}

/** The counters that bind one caller. A request needs room in all of `all`, and in one set of `anyOf` unless that is empty. */
export interface BindingRules {
  readonly all: readonly CounterRule[];
  /** One set for each group of the caller: whoever is in several is stopped only when the limits of all are used up. */
  readonly anyOf: readonly (readonly CounterRule[])[];
}

const minuteSeconds = 60;
const serviceAccountPrefix = 'system:serviceaccount:';
const units: readonly LimitUnit[] = ['calls', 'tokens'];

/**
 * Returns what binds `caller`. The endpoint's limits always do. Of the others: one that names the caller wins over those
 * of the caller's groups, and these win over the default for every user (the order of the original: custom beats
 * default, user beats group). Calls and tokens are looked at apart, so that a limit that says nothing of tokens leaves
 * in force what a less particular one says of them.
 */
export function bindingRules(limits: readonly RateLimit[], caller: LimitedCaller): BindingRules {
  const all: CounterRule[] = [];
  const groups = new Map<string, CounterRule[]>();
  for (const unit of units) {
    const binding = bindingLimits(
      limits.filter((limit) => limit[unit] !== undefined),
      caller,
    );
    all.push(...binding.all.flatMap(({ limit, subject }) => makeRule(limit, subject, unit)));
    for (const { limit, subject } of binding.groups) {
      groups.set(subject, [...(groups.get(subject) ?? []), ...makeRule(limit, subject, unit)]);
    }
  }
  return { all: strictest(all), anyOf: [...groups.values()].map(strictest) };
}

/** A limit, and whose use of it is counted. */
interface Binding {
  readonly limit: RateLimit;
  readonly subject: string;
}

function bindingLimits(
  limits: readonly RateLimit[],
  caller: LimitedCaller,
): { readonly all: readonly Binding[]; readonly groups: readonly Binding[] } {
  const endpoint = limits.filter(({ key }) => key === 'endpoint').map((limit) => ({ limit, subject: '' }));
  const own = (limit: RateLimit): Binding => ({ limit, subject: caller.principal });
  const named = limits.filter((limit) => isOfPrincipals(limit) && limit.principal === caller.principal);
  if (named.length > 0) return { all: [...endpoint, ...named.map(own)], groups: [] };
  const groups = limits.flatMap((limit) =>
    groupsOf(limit, limits, caller).map((subject) => ({ limit, subject })),
  );
  if (groups.length > 0) return { all: endpoint, groups };
  return { all: [...endpoint, ...defaultsFor(limits, caller).map(own)], groups: [] };
}

/** A service account is bound by the default for service principals, and by the one for users where that is absent. */
function defaultsFor(limits: readonly RateLimit[], caller: LimitedCaller): RateLimit[] {
  const defaultsOf = (wanted: RateLimit['key']): RateLimit[] =>
    limits.filter(({ key, principal }) => key === wanted && principal === undefined);
  const own = caller.principal.startsWith(serviceAccountPrefix) ? defaultsOf('servicePrincipal') : [];
  return own.length > 0 ? own : defaultsOf('user');
}

/** A limit without a name is the default for the groups that no limit names. */
function groupsOf(
  { key, principal }: RateLimit,
  limits: readonly RateLimit[],
  { groups }: LimitedCaller,
): readonly string[] {
  if (key !== 'userGroup') return [];
  if (principal !== undefined) return groups.includes(principal) ? [principal] : [];
  const named = new Set(limits.filter((other) => other.key === key).map((other) => other.principal));
  return groups.filter((group) => !named.has(group));
}

const isOfPrincipals = ({ key }: RateLimit): boolean => key === 'user' || key === 'servicePrincipal';

function makeRule(rateLimit: RateLimit, subject: string, unit: LimitUnit): CounterRule[] {
  const { key: scope, smoothing } = rateLimit;
  const limit = rateLimit[unit];
  if (limit === undefined) return [];
  const id = `${scope}/${subject} ${unit}`;
  if (smoothing === undefined) return [{ id, scope, unit, limit, burst: undefined }];
  const burst = Math.max(1, Math.floor((limit * smoothing.burstSeconds) / minuteSeconds));
  return [{ id: `${id} smoothed`, scope, unit, limit, burst }];
}

/** Of several limits on one counter the lowest counts: each of them alone would take the same from it. */
function strictest(rules: readonly CounterRule[]): CounterRule[] {
  const byId = new Map<string, CounterRule>();
  for (const rule of rules) {
    const known = byId.get(rule.id);
    if (known === undefined || rule.limit < known.limit) byId.set(rule.id, rule);
  }
  return [...byId.values()];
}
