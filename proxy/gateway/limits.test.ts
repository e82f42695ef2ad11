import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { limitStoreSchema } from '../limit-store/config.ts';
import { aWineEndpoint, startClusterFixture } from '../testing/cluster-fixture.ts';
import type { ClusterFixture } from '../testing/cluster-fixture.ts';
import { send, until } from '../testing/http-client-fixture.ts';
import { awayFromTheEndOfAMinute } from '../testing/minute-fixture.ts';
import { makePki, operatorIdentity } from '../testing/pki-fixture.ts';
import type { Pki } from '../testing/pki-fixture.ts';
import { startRedisServer } from '../testing/redis-server-fixture.ts';
import { startReportedTo } from '../testing/reported-to-fixture.ts';
import type { GatewayConfig } from './config.ts';
import { startGatewayUnderTest } from './gateway-fixture.ts';
import type { GatewayUnderTest } from './gateway-fixture.ts';

let pki: Pki;
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());
beforeEach(awayFromTheEndOfAMinute);

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const limited = (more: Partial<ServingEndpoint['spec']> = {}): ServingEndpoint =>
  aWineEndpoint((endpoint) => ({
    ...endpoint,
    spec: { ...endpoint.spec, rateLimits: [{ key: 'user', calls: 20, renewalPeriod: 'minute' }], ...more },
  }));

async function startCluster(endpoint: ServingEndpoint): Promise<ClusterFixture> {
  const cluster = await startClusterFixture();
  cleanUps.push(() => cluster.stop());
  cluster.setEndpoint(endpoint);
  return cluster;
}

async function startGateway(
  cluster: ClusterFixture,
  config: Partial<GatewayConfig>,
): Promise<GatewayUnderTest> {
  const gateway = await startGatewayUnderTest(pki, { cluster, config });
  cleanUps.push(() => gateway.stop());
  return gateway;
}

const readiness = async ({ gateway }: GatewayUnderTest): Promise<{ status: number; json: unknown }> =>
  send({ to: gateway.admin, path: '/readyz', method: 'GET' });

/** The endpoint has no pods: whom limits let through is held, and cut off again. */
async function remainingAfter(t: GatewayUnderTest, calls: number): Promise<number[]> {
  const remaining: number[] = [];
  for (let count = 0; count < calls; count += 1) {
    const { headers } = await t.send();
    remaining.push(Number(headers['x-ratelimit-remaining-requests']));
  }
  return remaining;
}

describe('a gateway that shares limits', () => {
  it('is unready until it has its share, but not for ever', async () => {
    const t = await startGateway(await startCluster(limited()), { limitShareWaitMs: 1_000 });
    const { status, json } = await readiness(t);
    expect(status).toBe(503);
    expect(json).toMatchObject({ reasons: { limits: 'it does not have its share of the limits yet' } });
    while ((await readiness(t)).status !== 200) await new Promise((resolve) => setTimeout(resolve, 50));
  });

  it('waits for nothing where no endpoint has limits', async () => {
    const t = await startGateway(await startCluster(limited({ rateLimits: [] })), {
      limitShareWaitMs: 60_000,
    });
    expect((await readiness(t)).status).toBe(200);
  });

  it('gives out a cautious part until the operator has spoken', async () => {
    const t = await startGateway(await startCluster(limited()), { limitCaution: 0.1, totalTimeoutMs: 300 });
    expect(await remainingAfter(t, 3)).toEqual([1, 0, 0]);
  });
});

describe('gateways with a store', () => {
  async function startPair(endpoint: ServingEndpoint) {
    const server = await startRedisServer();
    cleanUps.push(() => server.stop());
    const cluster = await startCluster(endpoint);
    const limitStore = limitStoreSchema.parse({ url: `redis://127.0.0.1:${server.port}`, timeoutMs: 1_000 });
    const config = { limitStore, limitShareWaitMs: 0, totalTimeoutMs: 300 };
    const pair = [await startGateway(cluster, config), await startGateway(cluster, config)] as const;
    for (const t of pair) {
      while ((await t.metric('fairlead_limit_store_up')) !== 1)
        await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return { server, one: pair[0], other: pair[1] };
  }

  it('count together', async () => {
    const { one, other } = await startPair(limited());
    expect(await remainingAfter(one, 2)).toEqual([19, 18]);
    expect(await remainingAfter(other, 2)).toEqual([17, 16]);
  });

  it('leave route-optimised endpoints to shares, for their sidecars have no store', async () => {
    const { one, other } = await startPair(limited({ routeOptimized: true }));
    expect(await remainingAfter(one, 2)).toEqual([19, 18]);
    expect(await remainingAfter(other, 2)).toEqual([19, 18]);
  });

  it('stay ready when it goes away, and say so', async () => {
    const { server, one } = await startPair(limited());
    await server.kill();
    let state = await readiness(one);
    while (JSON.stringify(state.json) === '{"status":"ok"}') state = await readiness(one);
    expect(state).toMatchObject({
      status: 200,
      json: { status: 'ok', notes: { limitStore: 'it is away; limits are counted by shares' } },
    });
    expect(await remainingAfter(one, 1)).toEqual([19]);
  });

  it('tell the operator at once when it goes and when it is back', async () => {
    const operator = await startReportedTo(pki, operatorIdentity);
    cleanUps.push(() => operator.stop());
    const server = await startRedisServer();
    cleanUps.push(() => server.stop());
    const limitStore = limitStoreSchema.parse({ url: `redis://127.0.0.1:${server.port}` });
    const never = 3_600_000;
    const reporting = { demandUrl: operator.url, demandIntervalMs: never };
    await startGateway(await startCluster(limited()), { limitStore, ...reporting });
    const isTold = (isUp: boolean): Promise<void> =>
      until(() => operator.reports.at(-1)?.limitStoreUp === isUp);
    await isTold(true);
    await server.kill();
    await isTold(false);
    await server.start();
    await isTold(true);
  });
});
