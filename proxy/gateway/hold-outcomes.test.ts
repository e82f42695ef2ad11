/** Owns the proof of what those are told who wait in vain, and that each of them is counted. */
import { expect, it } from 'vitest';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { aWineEndpoint } from '../testing/cluster-fixture.ts';
import type { TestAnswer } from '../testing/http-client-fixture.ts';
import { openCall, until } from '../testing/http-client-fixture.ts';
import type { GatewayUnderTest } from './gateway-fixture.ts';
import { cleanUpAfterEach, deployment, many, startAtZero, startPod, statusesOf } from './wake-fixture.ts';

cleanUpAfterEach();

const reasonOf = ({ headers }: TestAnswer): unknown => headers['x-fairlead-request-dropped-reason'];
const retryAfterOf = ({ headers }: TestAnswer): number => Number(headers['retry-after']);
const outcomes = async (t: GatewayUnderTest, outcome: string): Promise<number> =>
  t.metric(`fairlead_gateway_hold_outcomes_total{endpoint="team-a/wine",outcome="${outcome}"}`);

it('RejectedCapacity: the endpoint has used up its room, whatever the gateway has left', async () => {
  const t = await startAtZero({ holdRequestsPerEndpoint: 2 });
  const held = many(t, 2);
  await until(() => t.cluster.scaleWrites.length === 1);
  const answer = await t.send();
  expect([answer.status, reasonOf(answer)]).toEqual([429, 'RejectedCapacity']);
  expect(await outcomes(t, 'RejectedCapacity')).toBe(1);
  const pod = await startPod();
  t.cluster.setPods('team-a', deployment, [{ ...pod.sidecar.data, ready: true }]);
  expect(statusesOf(await held)).toEqual([200]);
  expect(await outcomes(t, 'Dispatched')).toBe(2);
});

it('RejectedCapacity: a user with many requests makes room for one with few', async () => {
  const t = await startAtZero({ holdRequestsPerEndpoint: 4 });
  t.cluster.tokens.set('bob-token', { username: 'bob', groups: [] });
  t.cluster.permitted.add('bob');
  const ofAlice = many(t, 4);
  await until(() => t.cluster.scaleWrites.length === 1);
  const held = (): Promise<number> => t.metric('fairlead_gateway_held_requests');
  while ((await held()) < 4) await new Promise((resolve) => setTimeout(resolve, 5));
  const ofBob = t.send({ headers: { authorization: 'Bearer bob-token' } });
  while ((await outcomes(t, 'RejectedCapacity')) < 1) await new Promise((resolve) => setTimeout(resolve, 5));
  const pod = await startPod();
  t.cluster.setPods('team-a', deployment, [{ ...pod.sidecar.data, ready: true }]);
  expect((await ofBob).status).toBe(200);
  expect((await ofAlice).map(({ status }) => status).sort()).toEqual([200, 200, 200, 429]);
});

it('EvictedNoEndpoints: nothing got ready in the time that is configured for that', async () => {
  const t = await startAtZero({ holdWakeTimeoutMs: 300 });
  const answer = await t.send();
  expect([answer.status, reasonOf(answer)]).toEqual([503, 'EvictedNoEndpoints']);
  expect(await outcomes(t, 'EvictedNoEndpoints')).toBe(1);
});

it('EvictedTTL: a replica is there, and has no room in time', async () => {
  const t = await startAtZero({ holdQueueTimeoutMs: 300 });
  const pod = await startPod((config) => ({
    ...config,
    concurrency: { limit: 1, queue: 0, queueTimeoutMs: 10_000 },
  }));
  const answers = many(t, 2);
  await until(() => t.cluster.scaleWrites.length === 1);
  let release = (): void => undefined;
  pod.model.respond = (_request, response) => {
    release = () => response.writeHead(200).end();
  };
  t.cluster.setPods('team-a', deployment, [{ ...pod.sidecar.data, ready: true }]);
  while ((await outcomes(t, 'EvictedTTL')) < 1) await new Promise((resolve) => setTimeout(resolve, 5));
  release();
  const evicted = (await answers).find(({ status }) => status !== 200);
  expect(evicted === undefined ? undefined : [evicted.status, reasonOf(evicted)]).toEqual([
    429,
    'EvictedTTL',
  ]);
  expect(retryAfterOf(evicted ?? (await t.send()))).toBeLessThanOrEqual(2);
});

it('ContextCancelled: the caller has gone', async () => {
  const t = await startAtZero();
  const call = openCall(t.call());
  call.on('error', () => undefined);
  call.end('{}');
  await until(() => t.cluster.scaleWrites.length === 1);
  call.destroy();
  while ((await outcomes(t, 'ContextCancelled')) < 1) await new Promise((resolve) => setTimeout(resolve, 5));
});

it('RejectedNoEndpoints: nothing is there, and nothing comes', async () => {
  const t = await startAtZero();
  t.cluster.setEndpoint(aWineEndpoint((endpoint) => ({ ...endpoint, status: {} })));
  await t.caughtUp();
  const answer = await t.send();
  expect([answer.status, reasonOf(answer)]).toEqual([503, 'RejectedNoEndpoints']);
  expect(await outcomes(t, 'RejectedNoEndpoints')).toBe(1);
});

/** The endpoint, whose status tells of a start of so many seconds. */
const anEndpointThatTook = (totalSeconds: number): ServingEndpoint =>
  aWineEndpoint((endpoint) => ({
    ...endpoint,
    status: {
      ...endpoint.status,
      servedEntities: [
        { name: 'wine-1', configVersion: 1, state: 'ScaledToZero', coldStart: { totalSeconds } },
      ],
    },
  }));

it('tells to come again when the model should have loaded, by what its status says of its last start', async () => {
  const t = await startAtZero({ holdRequests: 0 });
  t.cluster.setEndpoint(anEndpointThatTook(40));
  await t.caughtUp();
  const seconds = retryAfterOf(await t.send());
  expect(seconds).toBeGreaterThanOrEqual(40);
  expect(seconds).toBeLessThanOrEqual(48);
});

it('tells to come again by what the gateway has measured itself, once it has', async () => {
  const t = await startAtZero({ holdRequestsPerEndpoint: 1 });
  t.cluster.setEndpoint(anEndpointThatTook(200));
  await t.caughtUp();
  const pod = await startPod();
  t.cluster.onScaled = () => {
    setTimeout(() => t.cluster.setPods('team-a', deployment, [{ ...pod.sidecar.data, ready: false }]), 50);
  };
  expect((await t.send()).status).toBe(200);
  t.cluster.onScaled = () => undefined;
  t.cluster.setPods('team-a', deployment, []);
  t.cluster.scales.set(`team-a/${deployment}`, 0);
  await t.caughtUp();
  const held = t.send();
  await until(() => t.cluster.scaleWrites.length === 2);
  const refused = await t.send();
  expect([refused.status, reasonOf(refused)]).toEqual([429, 'RejectedCapacity']);
  expect(retryAfterOf(refused)).toBeLessThan(100);
  t.cluster.setPods('team-a', deployment, [{ ...pod.sidecar.data, ready: true }]);
  expect((await held).status).toBe(200);
});
