/** Owns the proof that proxies divide a limit among themselves by the word of the operator's leader. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { EndpointQuota } from '../../core/quota/endpoint-quota.ts';
import { LimitShares } from '../../core/quota/limit-shares.ts';
import { gatewayPool } from '../../core/quota/share-report.ts';
import { operatorServiceAccount } from '../../operator/certificates/system-names.ts';
import { systemClock } from '../../platform/clock.ts';
import { makeLogger } from '../../platform/logging.ts';
import { serviceAccountIdentity } from '../../platform/tls/identity.ts';
import { DemandReporter } from '../../proxy/demand/demand-reporter.ts';
import { awayFromTheEndOfAMinute } from '../../proxy/testing/minute-fixture.ts';
import { parseTlsMaterial } from '../../platform/tls/tls-material.ts';
import { anEndpoint } from '../support/an-endpoint.ts';
import { startObligingNodes } from './harness/nodes.ts';
import { ask, tlsOf } from './harness/proxies.ts';
import { bringUp } from './harness/sidecars.ts';
import { until } from './harness/until.ts';
import { startWorld, systemNamespace } from './harness/world.ts';
import type { RunningOperator, World } from './harness/world.ts';

let world: World;
let nodes: { stop(): Promise<void> };
let leader: RunningOperator;

beforeAll(async () => {
  world = await startWorld();
  nodes = startObligingNodes(world.client);
  leader = await startLeader();
});
afterAll(async () => {
  await nodes.stop();
  await world.stop();
});

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function startLeader(): Promise<RunningOperator> {
  const operator = await world.startOperator({ scaling: { reportInterval: '100ms' } });
  await until('the leader listens', () => Object.keys(operator.health.unreadyReasons()).length === 0);
  return operator;
}

interface Gateway {
  readonly shares: LimitShares;
  readonly quota: EndpointQuota;
  /** Returns how many of `count` calls are let through. */
  call(count: number): number;
  isFailing(): boolean;
  stop(): Promise<void>;
}

/** Starts what of a gateway applies limits. */
async function startGateway(name: string): Promise<Gateway> {
  const { cert, key, ca } = await tlsOf(world.client, systemNamespace, 'fairlead-gateway-tls');
  const { secureContext } = parseTlsMaterial(cert, key, ca);
  const shares = new LimitShares();
  const reporter = new DemandReporter({
    url: `https://${leader.host}:${leader.demandPort}/v1/demand`,
    tls: {
      secureContext: () => secureContext,
      identity: serviceAccountIdentity('cluster.local', systemNamespace, operatorServiceAccount),
    },
    intervalMs: 100,
    reporter: name,
    source: { read: () => ({ entries: [], confirm: () => undefined }) },
    limits: shares,
    clock: systemClock,
    log: makeLogger({ process: 'test', level: 'silent' }),
  });
  const limits = [{ key: 'endpoint', calls: 1_000, renewalPeriod: 'minute' }] as const;
  const quota = new EndpointQuota({ limits, label: 'default/iris', share: shares.poolOf(gatewayPool) });
  let isStopped = false;
  const stop = async (): Promise<void> => {
    if (!isStopped) await reporter.stop();
    isStopped = true;
  };
  cleanUps.push(stop);
  return {
    shares,
    quota,
    call: (count) => {
      const now = Date.now();
      const caller = quota.of({ principal: 'alice', groups: [] }, now);
      return Array.from({ length: count }, () => caller.admit(1, now)).filter((full) => full === undefined)
        .length;
    },
    isFailing: () => reporter.failing,
    stop,
  };
}

const fractionOf = ({ shares }: Gateway): number => {
  const pool = shares.poolOf(gatewayPool);
  return pool.isTold ? pool.fraction : 0;
};

describe('gateways', () => {
  it('divide a limit evenly, follow the demand, and take over from one that leaves', async () => {
    const [one, other] = [await startGateway('gateway-0'), await startGateway('gateway-1')];
    await until('each has half', () => fractionOf(one) === 0.5 && fractionOf(other) === 0.5);

    await awayFromTheEndOfAMinute();
    let passed = one.call(501);
    await until('the busy one has nearly all', () => {
      passed += one.call(20);
      return passed >= 950;
    });
    passed += other.call(1_000);
    expect(passed).toBeLessThanOrEqual(1_000);

    await one.stop();
    await until('the other has all', () => fractionOf(other) === 1);
  });
});

it('a sidecar has a say in the limits of its own endpoint alone', async () => {
  const sidecar = await bringUp(world, anEndpoint('rose').servingModel('models:/iris/1'));
  const pool = (name: string) => ({ pool: name, fraction: 0.1, isTold: false, counters: [] });
  const report = {
    ...{ reporter: 'rose-0', instance: 'i-1', intervalMs: 100, entries: [] },
    limits: { leaving: false, pools: [pool(''), pool('default/iris'), pool('default/rose')] },
  };
  const told = await until('it is told a share', async () => {
    const answer = await ask(
      `https://${leader.host}:${leader.demandPort}/v1/demand`,
      'POST',
      sidecar.tls,
      report,
    );
    return answer.status === 200 ? (JSON.parse(answer.body) as { limits: { pools: unknown[] } }) : undefined;
  });
  expect(told.limits.pools).toEqual([{ pool: 'default/rose', fraction: 1, isFair: true, counters: [] }]);
});

it('gateways keep what they have while no operator leads', async () => {
  const [one, other] = [await startGateway('gateway-2'), await startGateway('gateway-3')];
  await until('both are told', () => fractionOf(one) === 0.5 && fractionOf(other) === 0.5);
  await leader.stop();
  await until('both have noticed', () => one.isFailing() && other.isFailing());
  expect([fractionOf(one), fractionOf(other)]).toEqual([0.5, 0.5]);
  const late = await startGateway('gateway-4');
  await until('a newcomer has noticed', () => late.isFailing());
  expect(late.call(1_000)).toBe(100);
});
