/** Owns the decision whether gateways stand in for the sidecars of a route-optimised endpoint. Pure. */
import { labels } from '../../crds/schema/api.ts';
import type { Deployment, Pod } from '../../kube/kinds.ts';
import { isGoing } from '../ownership.ts';
import { isReady } from '../serving-endpoint/cold-start.ts';

export interface StandInEvidence {
  readonly pods: readonly Pod[];
  readonly deployments: ReadonlyMap<string, Deployment>;
  /** A Deployment is to go to zero, and waits for gateways to stand in. */
  readonly isLeaving: boolean;
  /** Whether they do now. */
  readonly standsIn: boolean;
  /** Time within which the cluster follows a change of who answers. */
  readonly switchMs: number;
  readonly now: number;
}

export interface StandInPlan {
  readonly standsIn: boolean;
  /** Whether a sidecar answers, be it beside gateways. */
  readonly sidecarsAnswer: boolean;
  /** When to look again; undefined: when something changes. */
  readonly againInMs: number | undefined;
}

/**
 * Gateways stand in as soon as no sidecar will answer for sure, and until one has answered for long enough for everybody
 * to know of it: in between both do, so that there is no moment at which nobody does.
 */
export function planStandIn(evidence: StandInEvidence): StandInPlan {
  const { pods, deployments, isLeaving, standsIn, switchMs, now } = evidence;
  const since = pods.filter((pod) => isStaying(pod, deployments)).map(readySince);
  const sidecarsAnswer = since.length > 0;
  const decided = (does: boolean, againInMs?: number): StandInPlan => ({
    standsIn: does,
    sidecarsAnswer,
    againInMs,
  });
  if (isLeaving || !sidecarsAnswer) return decided(true);
  if (!standsIn) return decided(false);
  const leftMs = Math.min(...since) + switchMs - now;
  return leftMs > 0 ? decided(true, leftMs) : decided(false);
}

/** A pod whose Deployment is at zero is on its way out, whatever else is known of it yet. */
function isStaying(pod: Pod, deployments: ReadonlyMap<string, Deployment>): boolean {
  const given = pod.metadata?.labels ?? {};
  const replicas = deployments.get(given[labels.deployment] ?? '')?.spec?.replicas ?? 0;
  return isReady(pod) && !isGoing(pod) && given[labels.routeOptimized] !== undefined && replicas > 0;
}

function readySince({ status }: Pod): number {
  const at = status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime;
  // Unknown: ready it is, and nobody waits for ever.
  return at === undefined ? Number.NEGATIVE_INFINITY : Date.parse(at);
}
