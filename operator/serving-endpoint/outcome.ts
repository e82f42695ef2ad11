/** Owns how a reconcile came out: what is active from now on, and whether what is brought up goes on. Pure. */
import type { ConfigVersion } from '../../core/config-versions/endpoint-config.ts';
import { versionReadiness } from '../../core/config-versions/plan-config-versions.ts';
import { entityReasons } from '../../crds/schema/reasons.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import type { Refusals } from './act.ts';
import type { EntityExplanation, Explanation } from './explanation.ts';
import { judgeGivingUp } from './give-up.ts';
import type { Shortfall } from './give-up.ts';
import type { Snapshot } from './observe.ts';
import type { Plan } from './plan.ts';
import { refused, waiting } from './plan-entities.ts';
import type { EntityPlan } from './plan-entities.ts';

export interface Outcome {
  /** As planned, with what the cluster refused. */
  readonly entities: readonly EntityPlan[];
  readonly targetEntities: readonly EntityPlan[];
  readonly active: ConfigVersion | undefined;
  /** Whether `active` has the traffic from now on. */
  readonly isServing: boolean;
  /** Why the target is given up now; undefined: it is not. */
  readonly givenUp: Explanation | undefined;
  /** When time alone will change the outcome. */
  readonly dueInMs: number | undefined;
  /** Since when the target has been worked on, in milliseconds since the epoch. */
  readonly pendingSince: number;
}

export interface OutcomeInput {
  readonly snapshot: Snapshot;
  readonly plan: Plan;
  readonly refusals: Refusals;
  readonly config: OperatorConfig;
  /** Since when the endpoint has been worked on, in milliseconds since the epoch; time before does not count. */
  readonly workedSince: number;
  readonly now: number;
}

/** Returns the outcome; it is here that a version that is ready becomes active, and that one is given up. */
export function outcomeOf(input: OutcomeInput): Outcome {
  const { plan } = input;
  const { target, active } = plan.versions;
  const entities = plan.entities.map((entity) => withRefusal(entity, input.refusals));
  const targetEntities = entities.filter(({ configVersion }) => configVersion === target.version);
  const pendingSince = pendingSinceOf(input);
  const common = { entities, targetEntities, givenUp: undefined, dueInMs: undefined, pendingSince };
  if (plan.isSuspended) return { ...common, active, isServing: false };
  const needed = targetEntities.filter((entity) => isNeeded(entity, target));
  const isReady = versionReadiness(needed.map(({ verdict }) => verdict.readiness)) === 'ready';
  if (isReady) return { ...common, active: target, isServing: true };
  if (active === undefined || active.version === target.version) {
    return { ...common, active, isServing: plan.isServing };
  }
  const missing = needed.filter(({ verdict }) => verdict.readiness !== 'ready');
  const { cause, dueInMs } = judgeGivingUp({
    shortfalls: missing.map((entity) => shortfallOf(entity, input)),
    pendingSince,
    deadlines: input.config.deadlines,
    now: input.now,
  });
  return { ...common, active, isServing: plan.isServing, givenUp: cause, dueInMs };
}

/**
 * An entity that serves already, under the active version, and is to get no traffic any more holds nothing up: else the
 * traffic could not be moved away from one that fails.
 */
function isNeeded({ entity, leastReplicas, deployment }: EntityPlan, { config }: ConfigVersion): boolean {
  const percent = config.routes.find(({ servedEntity }) => servedEntity === entity.name)?.percent ?? 0;
  return deployment === undefined || leastReplicas > 0 || percent > 0;
}

function shortfallOf(
  { entity, deployment, verdict }: EntityPlan,
  { snapshot, now }: OutcomeInput,
): Shortfall {
  const before = snapshot.endpoint.status?.servedEntities?.find(
    (row) => row.name === entity.name && row.deployment === deployment && row.state === 'Failed',
  );
  const since = Date.parse(before?.since ?? '');
  const hasFailed = verdict.readiness === 'failed';
  return {
    entity: entity.name,
    reason: verdict.reason,
    message: verdict.message,
    failedSince: hasFailed ? (Number.isNaN(since) ? now : since) : undefined,
  };
}

function pendingSinceOf({ snapshot, plan, workedSince, now }: OutcomeInput): number {
  const { pending } = snapshot.endpoint.status ?? {};
  const isKnown = pending?.configVersion === plan.versions.target.version;
  return isKnown ? Math.max(Date.parse(pending.since), workedSince) : now;
}

/** The log lines that an explanation may carry are in the row of the entity; once or twice is enough. */
export const headline = (message: string): string => message.split('\n', 1)[0] ?? '';

/** What the cluster refuses, or has yet to remove. */
function withRefusal(entity: EntityPlan, refusals: Refusals): EntityPlan {
  const refusal = refusals.get(entity.deployment ?? '');
  if (refusal === undefined) return entity;
  if (refusal.reason === entityReasons.waitingForCleanup) return withLeftOver(entity, refusal);
  return { ...entity, verdict: refused(entity.verdict, refusal) };
}

/**
 * An object of an earlier endpoint is in the way of one of ours. A Deployment that is there goes on meanwhile, and what
 * has traffic already holds up no config version by it.
 */
function withLeftOver(entity: EntityPlan, cause: EntityExplanation): EntityPlan {
  const { observed, verdict, leastReplicas } = entity;
  if (observed === undefined) return { ...entity, verdict: waiting(cause) };
  // It lacks more than that: its pods tell what.
  if (verdict.readiness !== 'ready') return entity;
  const readiness = leastReplicas === 0 ? 'ready' : 'progressing';
  return { ...entity, verdict: { state: verdict.state, readiness, ...cause } };
}
