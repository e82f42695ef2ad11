/** Owns the phases of an endpoint's life for tests: what is seen in each, and the status that comes of it. */
import type { ServingEndpoint, ServingEndpointStatus } from '../../crds/schema/serving-endpoint.ts';
import { servingEndpointSchema } from '../../crds/schema/serving-endpoint.ts';
import { anEndpoint } from '../../test/support/an-endpoint.ts';
import type { EndpointBuilder } from '../../test/support/an-endpoint.ts';
import type { DirectState } from '../route-optimised/reconcile-direct.ts';
import type { Refusals } from './act.ts';
import type { CertificateState } from './claims.ts';
import type { Snapshot } from './observe.ts';
import { outcomeOf } from './outcome.ts';
import { planServingEndpoint } from './plan.ts';
import type { Plan } from './plan.ts';
import { aRevision, aSnapshot, config, deploymentFor } from './snapshot-fixture.ts';
import { statusOf } from './status.ts';

export const now = Date.parse('2026-01-01T00:10:00Z');
export const since = '2026-01-01T00:00:00Z';

export const uid = '0c5b927a-1871-46ad-9c86-9440a88f2448';

/** An endpoint that serves one version of a model; the version of its config has the same number. */
export const iris = (version: number): EndpointBuilder =>
  anEndpoint('iris').withMetadata({ uid, generation: 4 }).servingModel(`models:/iris/${version}`);

/** Returns the traffic of an endpoint with one entity. */
export const routedTo = (endpoint: ServingEndpoint, configVersion: number) =>
  endpoint.spec.servedEntities.slice(0, 1).map(({ name }) => ({
    servedEntity: name,
    percent: 100,
    deployment: deploymentFor(endpoint, name).metadata?.name ?? '',
    configVersion,
  }));

export const one = iris(1).build();
export const two = iris(2).build();
export const revisions = [aRevision(one, 1), aRevision(two, 2)];

/** Of an endpoint whose first config version serves. */
export const servingOne: ServingEndpointStatus = {
  active: { configVersion: 1, since },
  traffic: routedTo(one, 1),
};

export interface Reconciled {
  readonly plan: Plan;
  readonly status: ServingEndpointStatus;
  /** The endpoint with that status. */
  readonly endpoint: ServingEndpoint;
}

/** Returns what a reconcile at `at` decides and reports. */
export function reconciled(
  endpoint: ServingEndpoint,
  seen: Partial<Snapshot> = {},
  given: {
    readonly refusals?: Refusals;
    readonly certificate?: CertificateState;
    readonly cancelRefusal?: string;
    readonly direct?: DirectState;
    readonly at?: number;
    readonly workedSince?: number | undefined;
  } = {},
): Reconciled {
  const { refusals = new Map(), certificate = { problem: undefined, isUsable: true }, at = now } = given;
  const { cancelRefusal, direct, workedSince = -Infinity } = given;
  const snapshot = aSnapshot(endpoint, seen);
  const plan = planServingEndpoint(snapshot, config, at);
  const outcome = outcomeOf({ snapshot, plan, refusals, config, workedSince, now: at });
  const status = statusOf({ snapshot, plan, outcome, certificate, direct, cancelRefusal, config, now: at });
  // Whatever is reported must be what the API server accepts.
  servingEndpointSchema.parse({ ...endpoint, status });
  return { plan, status, endpoint: { ...endpoint, status } };
}

/** Condition types with their statuses and reasons. */
export const told = ({ conditions = [] }: ServingEndpointStatus): Record<string, string> =>
  Object.fromEntries(conditions.map(({ type, status, reason }) => [type, `${status} ${reason}`]));
