/** Owns the proof that held requests survive the death of the pod that wakes first, at whatever moment it dies. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import { awaitReadyPath } from '../sidecar-paths.ts';
import { until } from '../testing/http-client-fixture.ts';
import {
  cleanUpAfterEach,
  deployment,
  many,
  startAtZero,
  startPod,
  startRawPod,
  statusesOf,
} from './wake-fixture.ts';
import type { RawPod } from './wake-fixture.ts';

cleanUpAfterEach();

const isProbe = (request: IncomingMessage): boolean => request.url === awaitReadyPath;
const ready = (response: ServerResponse): unknown => response.writeHead(200, { 'content-length': 0 }).end();

/** Holds requests, lets `first` be woken, and once `died` says so another pod that is well. */
async function answersOf(first: RawPod, died: () => boolean, count = 1): Promise<readonly number[]> {
  const t = await startAtZero();
  t.cluster.onScaled = () => t.cluster.setPods('team-a', deployment, [{ ...first, ready: false }]);
  const answers = many(t, count);
  await until(died);
  const second = await startPod(undefined, '127.0.0.3');
  t.cluster.setPods('team-a', deployment, [{ ...second.sidecar.data, ready: false }]);
  expect(t.cluster.scaleWrites).toHaveLength(1);
  return statusesOf(await answers);
}

it('a pod that takes the connection and dies before it says how it is', async () => {
  const first = await startRawPod((request) => request.socket.destroy());
  expect(await answersOf(first, () => first.heard.length > 0, 5)).toEqual([200]);
});

it('a pod that dies amid saying how it is', async () => {
  const first = await startRawPod((request, response) => {
    response.writeHead(200, { 'content-length': 10 });
    response.write('half', () => request.socket.destroy());
  });
  expect(await answersOf(first, () => first.heard.length > 0, 5)).toEqual([200]);
});

it('a pod that says it is ready and dies when the request comes on the same connection', async () => {
  const first = await startRawPod((request, response) => {
    if (isProbe(request)) ready(response);
    else first.die();
  });
  const hasDied = (): boolean => first.heard.some((heard) => heard.startsWith('POST'));
  expect(await answersOf(first, hasDied)).toEqual([200]);
});

it('a pod that says it is ready, and takes further connections only to die', async () => {
  const first = await startRawPod((_request, response) => {
    first.cutConnections();
    response.writeHead(200, { 'content-length': 0, connection: 'close' }).end();
  });
  expect(await answersOf(first, () => first.heard.length > 0, 5)).toEqual([200]);
});

it('a pod that says it is ready and loses its model', async () => {
  const first = await startRawPod((request, response) => {
    if (isProbe(request)) ready(response);
    else response.writeHead(503, { 'x-fairlead-request-dropped-reason': 'unreachable' }).end();
  });
  expect(await answersOf(first, () => first.heard.length > 1, 5)).toEqual([200]);
});
