/** Owns the proof of which requests are sent a second time, where to, and which are not. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import type { SidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import { answerTo, openCall } from '../testing/http-client-fixture.ts';
import { aliceHeaders } from './gateway-fixture.ts';
import {
  cleanUpAfterEach,
  deployment,
  many,
  startAtZero,
  startPod,
  startRawPod,
  startWithPods,
  statusesOf,
} from './wake-fixture.ts';
import type { RawPod } from './wake-fixture.ts';

cleanUpAfterEach();

const twice = { routing: { retries: { serverErrors: true } } };

/** Lets the models of `pods` answer as `respond` says, with the number of the request among all. */
function respond(
  pods: readonly SidecarUnderTest[],
  answer: (response: ServerResponse, call: number, request: IncomingMessage) => void,
): { readonly calls: number[] } {
  const calls: number[] = [];
  for (const [index, { model }] of pods.entries()) {
    model.respond = (request, response) => {
      calls.push(index);
      const call = calls.length;
      request.resume().once('end', () => answer(response, call, request));
    };
  }
  return { calls };
}

const failOnce = (response: ServerResponse, call: number): unknown =>
  response.writeHead(call === 1 ? 500 : 200, { 'content-length': 0 }).end();

it('a request that a model failed is not sent again: nobody knows what it has done', async () => {
  const { t, pods } = await startWithPods(2);
  const { calls } = respond(pods, failOnce);
  expect((await t.send()).status).toBe(500);
  expect(calls).toHaveLength(1);
});

it('a request that a model failed goes to another pod where the endpoint allows it', async () => {
  const { t, pods } = await startWithPods(2, twice);
  const { calls } = respond(pods, failOnce);
  expect((await t.send()).status).toBe(200);
  expect(new Set(calls).size).toBe(2);
  expect(await t.metric('fairlead_gateway_retries_total{endpoint="team-a/wine",cause="server-error"}')).toBe(
    1,
  );
});

it('a request goes to the only pod again where there is no other', async () => {
  const { t, pods } = await startWithPods(1, twice);
  const { calls } = respond(pods, failOnce);
  expect((await t.send()).status).toBe(200);
  expect(calls).toEqual([0, 0]);
});

it('a request whose model died under it goes to another pod where the endpoint allows it', async () => {
  const { t, pods } = await startWithPods(2, twice);
  const { calls } = respond(pods, (response, call) => {
    // The sidecar itself asks a second time where an idle connection breaks.
    if (call <= 2) response.destroy();
    else response.writeHead(200).end();
  });
  expect((await t.send()).status).toBe(200);
  expect(new Set(calls).size).toBe(2);
});

it('a request is sent three times at most', async () => {
  const { t, pods } = await startWithPods(2, twice);
  const { calls } = respond(pods, (response) => response.writeHead(503, { 'content-length': 0 }).end());
  expect((await t.send()).status).toBe(503);
  expect(calls).toHaveLength(3);
});

it('a request is sent again no sooner than the answer asks for', async () => {
  const { t, pods } = await startWithPods(2, twice);
  const times: number[] = [];
  respond(pods, (response, call) => {
    times.push(performance.now());
    response.writeHead(call === 1 ? 503 : 200, { 'content-length': 0, 'retry-after-ms': '300' }).end();
  });
  expect((await t.send()).status).toBe(200);
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(290);
});

it('a request whose caller goes away while it waits for its next attempt is not sent again', async () => {
  const { t, pods } = await startWithPods(2, twice);
  const { calls } = respond(pods, (response) =>
    response.writeHead(503, { 'content-length': 0, 'retry-after-ms': '300' }).end(),
  );
  const call = openCall(t.call());
  call.on('error', () => undefined);
  call.end('{}');
  while ((await t.metric('fairlead_gateway_retries_total')) < 1)
    await new Promise((resolve) => setTimeout(resolve, 5));
  call.destroy();
  while ((await t.metric('fairlead_proxy_requests_total')) < 1)
    await new Promise((resolve) => setTimeout(resolve, 5));
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(calls).toHaveLength(1);
});

it('a request whose body is streamed is sent once', async () => {
  const { t, pods } = await startWithPods(2, twice);
  const { calls } = respond(pods, failOnce);
  const call = openCall(t.call());
  call.write('{');
  call.end('}');
  const answer = await answerTo(call);
  answer.resume();
  expect(answer.statusCode).toBe(500);
  expect(calls).toHaveLength(1);
});

it('a request whose answer has begun is cut, and not sent again', async () => {
  const { t, pods } = await startWithPods(2, twice);
  const { calls } = respond(pods, (response) => {
    response.writeHead(200, { 'content-length': 10 });
    response.write('half', () => response.destroy());
  });
  await expect(t.send()).rejects.toThrow('aborted');
  expect(calls).toHaveLength(1);
});

it('no more requests are sent again than the budget allows', async () => {
  const { t, pods } = await startWithPods(1, twice, { ejectionFailures: 0 });
  const { calls } = respond(pods, (response) => response.writeHead(500, { 'content-length': 0 }).end());
  for (let round = 0; round < 5; round += 1) expect(statusesOf(await many(t, 20))).toEqual([500]);
  // A fifth of 100 is more than the 10 that are always allowed, and each may try twice.
  expect(calls.length).toBeGreaterThan(100);
  expect(calls.length).toBeLessThanOrEqual(120);
  expect(await t.metric('fairlead_gateway_retries_over_budget_total')).toBeGreaterThan(0);
});

it('nothing is sent again where the budget is off', async () => {
  const { t, pods } = await startWithPods(2, twice, { retryBudgetPercent: 0 });
  const { calls } = respond(pods, failOnce);
  expect((await t.send()).status).toBe(500);
  expect(calls).toHaveLength(1);
});

it('a request on a connection that its pod was closing goes to another pod', async () => {
  const { t, pods } = await startWithPods(1);
  const [well] = pods;
  if (well === undefined) throw new Error('there is one');
  const { port } = well.sidecar.data;
  const closing: RawPod = await startRawPod(
    (request, response) => {
      if (request.headers['x-second'] === undefined) response.writeHead(200, { 'content-length': 0 }).end();
      else closing.die();
    },
    '127.0.0.9',
    port,
  );
  t.cluster.setPods('team-a', deployment, [closing]);
  await t.caughtUp();
  expect((await t.send()).status).toBe(200);
  t.cluster.setPods('team-a', deployment, [closing, { ...well.sidecar.data, ready: true }]);
  await t.caughtUp();
  const second = { headers: { ...aliceHeaders, 'x-second': '1' } };
  for (let count = 0; count < 8; count += 1) expect((await t.send(second)).status).toBe(200);
  expect(well.model.seen.length).toBe(8);
});

it('a request that meets a full queue goes to a pod that has room', async () => {
  const t = await startAtZero();
  const full = await startPod(
    (config) => ({ ...config, concurrency: { limit: 1, queue: 0, queueTimeoutMs: 10_000 } }),
    '127.0.0.2',
  );
  const { port } = full.sidecar.data;
  const free = await startPod(undefined, '127.0.0.3', port);
  await Promise.all([full.ready(), free.ready()]);
  let release = (): void => undefined;
  full.model.respond = (_request, response) => {
    release = () => response.writeHead(200).end();
  };
  // Somebody else keeps the one turn of the first pod.
  const taken = full.send();
  while (full.model.seen.length === 0 && release.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    if ((await full.registry.metrics()).includes('fairlead_proxy_in_flight 1')) break;
  }
  t.cluster.setPods('team-a', deployment, [
    { ...full.sidecar.data, ready: true },
    { ...free.sidecar.data, ready: true },
  ]);
  await t.caughtUp();
  expect(statusesOf(await many(t, 8))).toEqual([200]);
  expect(free.model.seen).toHaveLength(8);
  release();
  await taken;
});
