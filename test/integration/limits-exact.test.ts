/** Owns the proof that what gateways tell of their limit store becomes a condition of the endpoints concerned, and goes again. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Condition } from '../../crds/schema/condition.ts';
import { operatorServiceAccount } from '../../operator/certificates/system-names.ts';
import { systemClock } from '../../platform/clock.ts';
import { makeLogger } from '../../platform/logging.ts';
import { serviceAccountIdentity } from '../../platform/tls/identity.ts';
import { parseTlsMaterial } from '../../platform/tls/tls-material.ts';
import { DemandReporter } from '../../proxy/demand/demand-reporter.ts';
import { anEndpoint } from '../support/an-endpoint.ts';
import { startObligingNodes } from './harness/nodes.ts';
import { aReport, ask, tlsOf } from './harness/proxies.ts';
import { bringUp } from './harness/sidecars.ts';
import type { Sidecar } from './harness/sidecars.ts';
import { until } from './harness/until.ts';
import { startWorld, systemNamespace } from './harness/world.ts';
import type { RunningOperator, World } from './harness/world.ts';

/** What is told is shown after a quarter of a second, and for a second and a half. */
const scaling = { reportInterval: '50ms', reportExpiry: '2s' };
const rateLimits = [{ key: 'endpoint' as const, calls: 10, renewalPeriod: 'minute' as const }];

let world: World;
let nodes: { stop(): Promise<void> };
let leader: RunningOperator;
let limited: Sidecar;

beforeAll(async () => {
  world = await startWorld();
  nodes = startObligingNodes(world.client);
  leader = await world.startOperator({ scaling });
  await until('the leader listens', () => Object.keys(leader.health.unreadyReasons()).length === 0);
  limited = await bringUp(world, anEndpoint('wine').servingModel('models:/iris/1').withSpec({ rateLimits }));
  await bringUp(world, anEndpoint('rose').servingModel('models:/iris/1'));
});
afterAll(async () => {
  await nodes.stop();
  await world.stop();
});

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Gateway {
  isUp: boolean;
  stop(): Promise<void>;
}

/** Starts what of a gateway tells the operator how it is with the store. */
async function startGateway(reporter: string): Promise<Gateway> {
  const { cert, key, ca } = await tlsOf(world.client, systemNamespace, 'fairlead-gateway-tls');
  const { secureContext } = parseTlsMaterial(cert, key, ca);
  const limitStore = { isUp: true };
  const reports = new DemandReporter({
    url: demandUrl(),
    tls: {
      secureContext: () => secureContext,
      identity: serviceAccountIdentity('cluster.local', systemNamespace, operatorServiceAccount),
    },
    intervalMs: 50,
    reporter,
    source: { read: () => ({ entries: [], confirm: () => undefined }) },
    limitStore,
    clock: systemClock,
    log: makeLogger({ process: 'test', level: 'silent' }),
  });
  let isStopped = false;
  const stop = async (): Promise<void> => {
    if (!isStopped) await reports.stop();
    isStopped = true;
  };
  cleanUps.push(stop);
  return Object.assign(limitStore, { stop });
}

const demandUrl = (): string => `https://${leader.host}:${leader.demandPort}/v1/demand`;

/** Has a sidecar say again and again that there is a store that does not answer. */
function startClaiming({ tls, pod, on }: Sidecar): () => Promise<void> {
  const ending = new AbortController();
  const claims = (async () => {
    while (!ending.signal.aborted) {
      const { status } = await ask(demandUrl(), 'POST', tls, { ...aReport(pod, on), limitStoreUp: false });
      expect(status).toBe(204);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  })();
  return async () => {
    ending.abort();
    await claims;
  };
}

const conditionOf = async (name: string, type = 'LimitsExact'): Promise<Condition | undefined> =>
  (await world.endpoint(name)).status?.conditions?.find((condition) => condition.type === type);

const isTold = (status: Condition['status']): Promise<Condition> =>
  until(`it is ${status}`, async () => {
    const condition = await conditionOf('wine');
    return condition?.status === status && condition;
  });

const statusWrites = (name: string): number =>
  world.proxy.seen.filter(({ method, path }) => method !== 'GET' && path.includes(`/${name}/status`)).length;

it('follows the store as gateways tell of it, and as nobody else does', async () => {
  const stopClaiming = startClaiming(limited);
  cleanUps.push(stopClaiming);
  const [one, other] = [await startGateway('gateway-0'), await startGateway('gateway-1')];
  expect(await isTold('True')).toMatchObject({ reason: 'StoreReachable' });
  await stopClaiming();
  const ready = await conditionOf('wine', 'Ready');
  const [before, ofRose] = [statusWrites('wine'), statusWrites('rose')];

  other.isUp = false;
  const lack = await isTold('False');
  expect(lack).toMatchObject({
    reason: 'StoreUnavailable',
    message: expect.stringContaining('does not answer gateway-1:') as string,
  });
  expect(statusWrites('wine') - before).toBe(1);
  expect(await conditionOf('wine', 'Ready')).toEqual(ready);

  other.isUp = true;
  await isTold('True');
  await Promise.all([one.stop(), other.stop()]);
  await until('it is gone', async () => (await conditionOf('wine')) === undefined);
  expect(await conditionOf('rose')).toBeUndefined();
  expect(statusWrites('rose')).toBe(ofRose);
});
