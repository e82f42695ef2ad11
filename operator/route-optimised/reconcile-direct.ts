/** Owns bringing about the Service of a route-optimised endpoint, and who answers there. */
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { entityReasons } from '../../crds/schema/reasons.ts';
import type { KubeClient } from '../../kube/client.ts';
import { endpointSlices, services } from '../../kube/kinds.ts';
import type { Deployment, EndpointSlice, Pod, Service } from '../../kube/kinds.ts';
import { keyOf } from '../../kube/resource.ts';
import type { Logger } from '../../platform/logging.ts';
import type { ChildWriter } from '../children/apply-child.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import { controllerUid, isGoing } from '../ownership.ts';
import { applyOrExplain } from '../serving-endpoint/act.ts';
import type { EntityExplanation } from '../serving-endpoint/explanation.ts';
import type { EndpointIdentity } from '../serving-endpoint/resources/owner.ts';
import { directServiceName, directUrl } from './direct-names.ts';
import type { GatewayCertificate } from './gateway-certificate.ts';
import type { Leaving } from './leaving.ts';
import { makeDirectService } from './make-direct-service.ts';
import { makeGatewaySlices } from './make-gateway-slices.ts';
import { planStandIn } from './plan-stand-in.ts';

export interface DirectSnapshot {
  readonly endpoint: ServingEndpoint;
  readonly identity: EndpointIdentity;
  readonly services: ReadonlyMap<string, Service>;
  readonly deployments: ReadonlyMap<string, Deployment>;
  readonly pods: readonly Pod[];
  /** Of the endpoint's own Service, those by which gateways stand in. */
  readonly slices: readonly EndpointSlice[];
  /** Of the Service of gateways that stand in. */
  readonly gateways: readonly EndpointSlice[];
}

export interface DirectDeps {
  readonly client: KubeClient;
  readonly children: ChildWriter;
  readonly leaving: Pick<Leaving, 'has'>;
  readonly gatewayCertificate: Pick<GatewayCertificate, 'shownInMs'>;
  readonly config: OperatorConfig;
  readonly log: Logger;
}

/** How it stands with the way of callers to the sidecars. */
export interface DirectState {
  readonly url: string;
  /** Why callers cannot come that way. */
  readonly problem: EntityExplanation | undefined;
  /** Nobody answers but gateways, whose certificate for the Service is on its way to them. */
  readonly awaitsCertificate: boolean;
  readonly againInMs: number | undefined;
}

/**
 * Brings the Service and its stand-ins up to date. Returns undefined for an endpoint whose callers come to gateways alone,
 * where nothing is left of the other way.
 *
 * @throws ApiError.
 */
export async function reconcileDirect(
  snapshot: DirectSnapshot,
  deps: DirectDeps,
  now: number,
): Promise<DirectState | undefined> {
  const { endpoint, identity } = snapshot;
  const { config } = deps;
  const own = snapshot.slices.filter((slice) => controllerUid(slice) === identity.uid);
  const observed = snapshot.services.get(directServiceName(identity.name));
  if (!endpoint.spec.routeOptimized) {
    await removeService(observed, identity, deps);
    await removeOthers(own, [], deps);
    return undefined;
  }
  const url = directUrl(endpoint, config);
  const service = { kind: services, wanted: makeDirectService(identity, config), observed };
  const problem = await applyOrExplain(service, deps);
  if (problem !== undefined) return refusedState(url, problem, config);
  const plan = planStandIn({
    pods: snapshot.pods,
    deployments: snapshot.deployments,
    isLeaving: deps.leaving.has(keyOf(endpoint.metadata)),
    standsIn: own.length > 0,
    switchMs: config.routeOptimized.switchDelay,
    now,
  });
  const wanted = plan.standsIn ? makeGatewaySlices(identity, snapshot.gateways) : [];
  for (const slice of wanted) {
    const before = own.find(({ metadata }) => metadata?.name === slice.metadata?.name);
    const refusal = await applyOrExplain({ kind: endpointSlices, wanted: slice, observed: before }, deps);
    if (refusal !== undefined) return refusedState(url, refusal, config);
  }
  await removeOthers(own, wanted, deps);
  const shownInMs = plan.sidecarsAnswer ? 0 : deps.gatewayCertificate.shownInMs(identity.namespace);
  const awaitsCertificate = shownInMs > 0;
  return {
    url,
    problem: undefined,
    awaitsCertificate,
    againInMs: awaitsCertificate ? shownInMs : plan.againInMs,
  };
}

const refusedState = (url: string, problem: EntityExplanation, config: OperatorConfig): DirectState => ({
  url,
  problem,
  awaitsCertificate: false,
  againInMs: retryInMs(problem, config),
});

/** The endpoint is no longer route-optimised: callers come to gateways alone. */
async function removeService(
  service: Service | undefined,
  { uid, namespace }: EndpointIdentity,
  { client, log }: DirectDeps,
): Promise<void> {
  if (service === undefined || controllerUid(service) !== uid || isGoing(service)) return;
  const { name = '', uid: serviceUid = '' } = service.metadata ?? {};
  await client.delete(services, { name, namespace }, { preconditions: { uid: serviceUid } });
  log.info({ name }, 'callers are no longer led to sidecars');
}

async function removeOthers(
  own: readonly EndpointSlice[],
  wanted: readonly EndpointSlice[],
  { client, log }: DirectDeps,
): Promise<void> {
  const names = new Set(wanted.map(({ metadata }) => metadata?.name));
  for (const { metadata } of own) {
    const { name = '', namespace, uid = '' } = metadata ?? {};
    if (names.has(name)) continue;
    await client.delete(endpointSlices, { name, namespace }, { preconditions: { uid } });
    log.info({ name }, 'gateways no longer stand in at the Service');
  }
}

/** Nobody tells when an object that is in the way has gone. */
const retryInMs = ({ reason }: EntityExplanation, { deadlines }: OperatorConfig): number =>
  reason === entityReasons.waitingForCleanup ? deadlines.cleanupRetry : deadlines.refusalRetry;
