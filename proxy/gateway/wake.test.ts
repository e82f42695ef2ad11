/** Owns the proof that requests at zero are held, wake their Deployment once, and are answered. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { refusal } from '../../kube/testing/fake-api-server.ts';
import type { SidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import { openCall, until } from '../testing/http-client-fixture.ts';
import type { GatewayUnderTest } from './gateway-fixture.ts';
import {
  cleanUpAfterEach,
  deployment,
  key,
  many,
  startAtZero,
  startBeside,
  startPod,
  statusesOf,
} from './wake-fixture.ts';

cleanUpAfterEach();

/** Lets the pod's address appear, not ready, when the scale is written. */
function bringUp(t: GatewayUnderTest, pod: SidecarUnderTest, afterMs = 20): void {
  t.cluster.onScaled = () => {
    setTimeout(
      () => t.cluster.setPods('team-a', deployment, [{ ...pod.sidecar.data, ready: false }]),
      afterMs,
    );
  };
}

it('holds a request at zero, wakes the Deployment, and sends it on before EndpointSlices call the pod ready', async () => {
  const t = await startAtZero();
  bringUp(t, await startPod());
  const answer = await t.send();
  expect(answer).toMatchObject({ status: 200, json: { predictions: [0] } });
  expect(Number(answer.headers['x-fairlead-cold-start'])).toBeGreaterThan(0);
  expect(t.cluster.scaleWrites).toEqual([`${key}=1`]);
});

it('answers 50 requests at zero and writes the scale once', async () => {
  const t = await startAtZero();
  bringUp(t, await startPod());
  expect(statusesOf(await many(t, 50))).toEqual([200]);
  expect(t.cluster.scaleWrites).toEqual([`${key}=1`]);
});

it('answers more requests than the sidecar has room for, those that it turns away included', async () => {
  const t = await startAtZero();
  const pod = await startPod((config) => ({
    ...config,
    concurrency: { limit: 1, queue: 2, queueTimeoutMs: 10_000 },
  }));
  bringUp(t, pod);
  expect(statusesOf(await many(t, 20))).toEqual([200]);
});

it('writes the scale once though two gateways hold requests', async () => {
  const one = await startAtZero();
  const other = await startBeside(one.cluster);
  bringUp(one, await startPod());
  const answers = await Promise.all([many(one, 10), many(other, 10)]);
  expect(statusesOf(answers.flat())).toEqual([200]);
  expect(one.cluster.scaleWrites).toEqual([`${key}=1`]);
});

it('writes no scale where somebody else has woken the Deployment', async () => {
  const t = await startAtZero();
  const pod = await startPod();
  t.cluster.scales.set(key, 1);
  const answer = t.send();
  await until(() => t.cluster.api.requests.some(({ path }) => path.endsWith('/scale')));
  t.cluster.setPods('team-a', deployment, [{ ...pod.sidecar.data, ready: true }]);
  expect((await answer).status).toBe(200);
  expect(t.cluster.scaleWrites).toEqual([]);
});

it('tries the scale again when the API server fails', async () => {
  const t = await startAtZero();
  bringUp(t, await startPod());
  t.cluster.api.once(({ path }) => path.endsWith('/scale'), refusal(500, 'InternalError'));
  t.cluster.api.once(
    ({ method, path }) => method === 'PATCH' && path.endsWith('/scale'),
    refusal(503, 'Unavailable'),
  );
  expect((await t.send()).status).toBe(200);
  expect(t.cluster.scaleWrites).toEqual([`${key}=1`]);
});

it('waits for the model, not only for the pod', async () => {
  const t = await startAtZero();
  const pod = await startPod();
  pod.model.healthy = false;
  bringUp(t, pod);
  let answered = false;
  const answer = t.send().then((it) => {
    answered = true;
    return it;
  });
  await sleep(500);
  expect(answered).toBe(false);
  pod.model.healthy = true;
  expect((await answer).status).toBe(200);
});

it('survives the death of the pod that was woken first', async () => {
  const t = await startAtZero();
  const first = await startPod(undefined, '127.0.0.2');
  first.model.healthy = false;
  bringUp(t, first);
  const answers = many(t, 5);
  await until(() => t.cluster.scaleWrites.length === 1);
  await sleep(100);
  await first.sidecar.stop();
  const second = await startPod(undefined, '127.0.0.3');
  t.cluster.setPods('team-a', deployment, [{ ...second.sidecar.data, ready: false }]);
  expect(statusesOf(await answers)).toEqual([200]);
});

it('goes to another pod when one refuses the connection', async () => {
  const t = await startAtZero();
  const pod = await startPod();
  const { host, port } = pod.sidecar.data;
  t.cluster.setPods('team-a', deployment, [
    { host: '127.0.0.9', port, ready: true },
    { host, port, ready: true },
  ]);
  await t.caughtUp();
  expect(statusesOf(await many(t, 20))).toEqual([200]);
  expect(t.cluster.scaleWrites).toEqual([]);
});

it('holds a request whose only pod has gone until there is another', async () => {
  const t = await startAtZero();
  t.cluster.scales.set(key, 1);
  t.cluster.setPods('team-a', deployment, [{ host: '127.0.0.9', port: 1, ready: true }]);
  await t.caughtUp();
  const answer = t.send();
  await until(() => t.cluster.api.requests.some(({ path }) => path.endsWith('/scale')));
  const pod = await startPod();
  t.cluster.setPods('team-a', deployment, [{ ...pod.sidecar.data, ready: true }]);
  expect((await answer).status).toBe(200);
});

it('takes a request back that a sidecar could not hand to its model', async () => {
  const t = await startAtZero();
  const broken = await startPod(undefined, '127.0.0.2');
  await broken.ready();
  await broken.model.stop();
  t.cluster.setPods('team-a', deployment, [{ ...broken.sidecar.data, ready: true }]);
  await t.caughtUp();
  const answer = t.send();
  await until(() => t.cluster.api.requests.some(({ path }) => path.endsWith('/scale')));
  const pod = await startPod(undefined, '127.0.0.3');
  t.cluster.setPods('team-a', deployment, [{ ...pod.sidecar.data, ready: true }]);
  expect((await answer).status).toBe(200);
});

it('refuses what is too much to hold with 429', async () => {
  const t = await startAtZero({ holdRequests: 2 });
  const held = many(t, 2);
  await until(() => t.cluster.scaleWrites.length === 1);
  await sleep(50);
  const answer = await t.send();
  expect(answer.status).toBe(429);
  expect(answer.headers['x-fairlead-request-dropped-reason']).toBe('RejectedCapacity');
  expect(answer.headers['retry-after']).toMatch(/^1[0-2]$/);
  const pod = await startPod();
  t.cluster.setPods('team-a', deployment, [{ ...pod.sidecar.data, ready: true }]);
  expect(statusesOf(await held)).toEqual([200]);
});

it('refuses bodies that are too many bytes to hold with 429', async () => {
  const t = await startAtZero({ holdBytes: 1_000 });
  expect((await t.send({ body: 'x'.repeat(2_000) })).status).toBe(429);
});

it('gives up with 503 when nothing gets ready in time', async () => {
  const t = await startAtZero({ totalTimeoutMs: 300 });
  const answer = await t.send();
  expect(answer.status).toBe(503);
  expect(answer.headers['x-fairlead-request-dropped-reason']).toBe('EvictedNoEndpoints');
  expect(answer.headers['retry-after']).toMatch(/^1[0-2]$/);
});

it('forgets a held request whose caller has gone', async () => {
  const t = await startAtZero();
  const call = openCall(t.call());
  call.on('error', () => undefined);
  call.end('{}');
  await until(() => t.cluster.scaleWrites.length === 1);
  expect(await t.metric('fairlead_gateway_held_requests')).toBe(1);
  call.destroy();
  while ((await t.metric('fairlead_gateway_held_requests')) > 0) await sleep(5);
  expect(await t.metric('fairlead_gateway_held_bytes')).toBe(0);
});

it('wakes it again when it has gone back to zero', async () => {
  const t = await startAtZero();
  bringUp(t, await startPod());
  expect((await t.send()).status).toBe(200);
  t.cluster.setPods('team-a', deployment, []);
  t.cluster.scales.set(key, 0);
  await t.caughtUp();
  expect((await t.send()).status).toBe(200);
  expect(t.cluster.scaleWrites).toEqual([`${key}=1`, `${key}=1`]);
});
