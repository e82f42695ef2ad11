/** Owns the reconcile of one endpoint: observe, decide, act, report. */
import { canonicalJson } from '../../core/config-versions/canonical-json.ts';
import type { FetchBook } from '../../core/fetching/fetch-book.ts';
import type { StoreBook } from '../../core/quota/store-book.ts';
import { apiVersion } from '../../crds/schema/api.ts';
import { entityReasons, readyReasons } from '../../crds/schema/reasons.ts';
import { servingEndpointSpecSchema } from '../../crds/schema/serving-endpoint.ts';
import type {
  ServingEndpoint,
  ServingEndpointSpec,
  ServingEndpointStatus,
} from '../../crds/schema/serving-endpoint.ts';
import type { KubeClient } from '../../kube/client.ts';
import { done, requeueAfter } from '../../kube/controller.ts';
import type { Outcome, Reconcile } from '../../kube/controller.ts';
import { regardingOf } from '../../kube/events.ts';
import type { EventRecorder } from '../../kube/events.ts';
import { servingEndpoints } from '../../kube/kinds.ts';
import { keyOf } from '../../kube/resource.ts';
import type { Clock } from '../../platform/clock.ts';
import { AppError } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logging.ts';
import type { Authority } from '../certificates/authority.ts';
import { isUsable, makeSidecarCertificate, renewalInMs } from '../certificates/sidecar-certificate.ts';
import type { ChildWriter } from '../children/apply-child.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import type { DataPlaneKey } from '../../core/data-plane/token.ts';
import { directDnsNames } from '../route-optimised/direct-names.ts';
import type { GatewayCertificate } from '../route-optimised/gateway-certificate.ts';
import type { Leaving } from '../route-optimised/leaving.ts';
import { reconcileDirect } from '../route-optimised/reconcile-direct.ts';
import type { ScalingMode } from '../scaling/scaling-mode.ts';
import type { Stores } from '../stores.ts';
import { act, applyOrExplain, staleStores } from './act.ts';
import type { Refusals } from './act.ts';
import { checkEndpoint } from './checks.ts';
import type { CertificateState } from './claims.ts';
import { eventsOf } from './events.ts';
import type { Explanation } from './explanation.ts';
import { fieldManager } from './names.ts';
import { observe } from './observe.ts';
import type { Snapshot } from './observe.ts';
import { outcomeOf } from './outcome.ts';
import { planServingEndpoint } from './plan.ts';
import { statusOf, statusOfBlocked } from './status.ts';
import { UpdateClock } from './update-clock.ts';
import { WriteBacks } from './write-back.ts';
import type { WriteBackRefusal } from './write-back.ts';

export interface ReconcileDeps {
  readonly stores: Stores;
  readonly client: KubeClient;
  readonly children: ChildWriter;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly authority: () => Authority;
  readonly scalingMode: () => ScalingMode;
  readonly dataPlaneKeys: () => readonly DataPlaneKey[];
  readonly leaving: Leaving;
  readonly gatewayCertificate: GatewayCertificate;
  readonly fetches: Pick<FetchBook, 'shownOf'>;
  readonly limitStore: Pick<StoreBook, 'shown'>;
  readonly config: OperatorConfig;
  readonly clock: Clock;
  /** As `atWorkSince` tells it. */
  readonly leadingSince: number;
}

/** Time for the stores to show what this process has just written. */
const storesBehindMs = 200;

interface EndpointDeps extends ReconcileDeps {
  readonly writeBacks: WriteBacks;
  readonly updateClock: UpdateClock;
}

/** Returns the reconcile function of the ServingEndpoint controller. */
export function makeReconcile(options: ReconcileDeps): Reconcile {
  const { client, clock, config, leadingSince } = options;
  const writeBacks = new WriteBacks({ client, clock, retryMs: config.deadlines.refusalRetry });
  const updateClock = new UpdateClock(leadingSince);
  const deps = { ...options, writeBacks, updateClock };
  return async (key, { log }) => {
    try {
      const outcome = await reconcileKey(key, deps, log);
      updateClock.noteSuccess(key);
      return outcome;
    } catch (error) {
      updateClock.noteFailure(key, clock.now());
      throw error;
    }
  };
}

async function reconcileKey(key: string, deps: EndpointDeps, log: Logger): Promise<Outcome> {
  const seen = observe(deps.stores, key, {
    scalingMode: deps.scalingMode(),
    fetches: deps.fetches.shownOf(key),
    dataPlaneKeys: deps.dataPlaneKeys(),
    limitStore: deps.limitStore.shown,
  });
  if (seen === undefined || seen.endpoint.metadata.deletionTimestamp !== undefined) {
    deps.writeBacks.forget(key);
    return done;
  }
  const parsed = servingEndpointSpecSchema.safeParse(seen.endpoint.spec);
  if (!parsed.success) {
    const message = `the spec cannot be read: ${parsed.error.issues.map(({ path, message: cause }) => `spec.${path.join('.')}: ${cause}`).join('; ')}; are the CRDs of this version of Fairlead installed?`;
    return block(deps, seen, { reason: readyReasons.specInvalid, message });
  }
  const snapshot: Snapshot = { ...seen, endpoint: { ...seen.endpoint, spec: parsed.data } };
  const problem = checkEndpoint(snapshot);
  if (problem !== undefined) return block(deps, snapshot, problem, parsed.data);
  try {
    return await reconcileEndpoint(snapshot, deps, log);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === staleStores) return requeueAfter(storesBehindMs);
    const reason = blockedBy[error.code];
    if (reason === undefined) throw error;
    const { cleanupRetry, refusalRetry } = deps.config.deadlines;
    const isPassing = reason === entityReasons.waitingForCleanup;
    await block(deps, snapshot, { reason, message: error.message }, parsed.data, isPassing);
    // Nobody tells when somebody else's object has gone.
    return requeueAfter(isPassing ? cleanupRetry : refusalRetry);
  }
}

const blockedBy: Readonly<Record<string, string>> = {
  CONFIG_VERSION_INVALID: readyReasons.specInvalid,
  REVISION_NOT_OWNED: entityReasons.notOwned,
  REVISION_LEFT_OVER: entityReasons.waitingForCleanup,
};

async function reconcileEndpoint(snapshot: Snapshot, deps: EndpointDeps, log: Logger): Promise<Outcome> {
  const { config, clock, writeBacks, updateClock } = deps;
  const { endpoint } = snapshot;
  const workedSince = updateClock.workedSince(keyOf(endpoint.metadata), endpoint.status, clock.now());
  const plan = planServingEndpoint(snapshot, config, clock.now());
  if (plan.reasons.length > 0) log.info({ reasons: plan.reasons }, 'endpoint planned');
  let unwritten: WriteBackRefusal | undefined;
  if (plan.writeBack === undefined) writeBacks.forget(keyOf(endpoint.metadata));
  else {
    unwritten = await writeBacks.write(endpoint, plan.writeBack, log);
    // The change of the spec brings the key back.
    if (unwritten === undefined) return done;
  }
  const certificate = await reconcileCertificate(snapshot, deps, log);
  const refusals = await act(plan, snapshot.identity.namespace, { ...deps, log });
  const now = clock.now();
  const outcome = outcomeOf({ snapshot, plan, refusals, config, workedSince, now });
  const cancelRefusal = unwritten?.cause;
  const direct = await reconcileDirect(snapshot, { ...deps, log }, now);
  const status = statusOf({ snapshot, plan, outcome, certificate, direct, cancelRefusal, config, now });
  await report(deps, endpoint, status);
  const waits = [
    unwritten?.retryInMs,
    plan.requeueAfterMs,
    outcome.dueInMs,
    direct?.againInMs,
    retryInMs(refusals, certificate, config),
    renewalInMs(snapshot.sidecarSecret, snapshot.identity, now),
  ];
  return soonest(waits.filter((wait) => wait !== undefined));
}

/** Nobody tells when a quota has grown, or when an object that is in the way has gone. */
function retryInMs(
  refusals: Refusals,
  certificate: CertificateState,
  { deadlines }: OperatorConfig,
): number | undefined {
  const reasons = [...refusals.values()].map(({ reason }) => reason);
  if (reasons.includes(entityReasons.waitingForCleanup) || certificate.isPassing === true) {
    return deadlines.cleanupRetry;
  }
  return reasons.length > 0 || certificate.problem !== undefined ? deadlines.refusalRetry : undefined;
}

const soonest = (waits: readonly number[]): Outcome =>
  waits.length === 0 ? done : requeueAfter(Math.min(...waits));

async function reconcileCertificate(
  snapshot: Snapshot,
  deps: ReconcileDeps,
  log: Logger,
): Promise<CertificateState> {
  const now = deps.clock.now();
  const child = await makeSidecarCertificate({
    endpoint: snapshot.identity,
    observed: snapshot.sidecarSecret,
    authority: deps.authority(),
    trustDomain: deps.config.trustDomain,
    dnsNames: directDnsNames(snapshot.endpoint, deps.config),
    now,
  });
  if (child === undefined) return { problem: undefined, isUsable: true };
  const refusal = await applyOrExplain(child, { ...deps, log });
  return {
    problem: refusal?.message,
    isPassing: refusal?.reason === entityReasons.waitingForCleanup,
    isUsable: isUsable(snapshot.sidecarSecret, snapshot.identity, now),
  };
}

/** Nothing but a change by somebody helps, and that change brings the key back. */
async function block(
  deps: ReconcileDeps,
  { endpoint }: Snapshot,
  problem: Explanation,
  spec?: ServingEndpointSpec,
  isPassing = false,
): Promise<Outcome> {
  const options = { spec, isPassing, config: deps.config, now: deps.clock.now() };
  const status = statusOfBlocked(endpoint, problem, options);
  await report(deps, endpoint, status);
  return done;
}

/** One write, only when something changed, and only over the status that the decision was made on. */
async function report(
  deps: ReconcileDeps,
  endpoint: ServingEndpoint,
  status: ServingEndpointStatus,
): Promise<void> {
  if (canonicalJson(status) === canonicalJson(endpoint.status ?? {})) return;
  const { name, namespace, resourceVersion } = endpoint.metadata;
  const metadata = { name, namespace, resourceVersion };
  const object = {
    apiVersion: endpoint.apiVersion,
    kind: endpoint.kind,
    metadata,
    status,
  } as ServingEndpoint;
  await deps.client.status.apply(servingEndpoints, object, { fieldManager });
  for (const event of eventsOf(endpoint.status, status)) {
    // Objects of a list come without these two.
    deps.events.record(regardingOf({ ...endpoint, apiVersion, kind: 'ServingEndpoint' }), event);
  }
}
