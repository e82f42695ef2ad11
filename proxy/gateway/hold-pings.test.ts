/** Owns the proof that callers who wait for a stream of events hear that they still wait, and get what follows as events. */
import { expect, it } from 'vitest';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerTo, openCall, until } from '../testing/http-client-fixture.ts';
import { readBody } from '../testing/model-server-fixture.ts';
import { aliceHeaders } from './gateway-fixture.ts';
import type { GatewayUnderTest } from './gateway-fixture.ts';
import { cleanUpAfterEach, deployment, startAtZero, startPod } from './wake-fixture.ts';

cleanUpAfterEach();

const eager = { ...aliceHeaders, accept: 'text/event-stream', 'accept-encoding': 'gzip' };
const hasPing = /^(: ping\n\n)+/;

interface Waiting {
  readonly answer: IncomingMessage;
  /** What has come of the body. */
  readonly heard: () => string;
  /** Resolves with all of it. */
  readonly whole: Promise<string>;
}

/** Calls, and returns once the first sign of life has come. */
async function waitForPing(t: GatewayUnderTest): Promise<Waiting> {
  const call = openCall(t.call({ headers: eager }));
  call.end('{"inputs":[1]}');
  const answer = await answerTo(call);
  let heard = '';
  answer.on('data', (piece: Buffer) => (heard += piece.toString()));
  const whole = new Promise<string>((resolve, reject) => {
    answer.once('end', () => resolve(heard)).once('error', reject);
  });
  await until(() => hasPing.test(heard));
  return { answer, heard: () => heard, whole };
}

/** What comes after the signs of life once a pod is there whose model answers as `respond` says. */
async function streamOf(
  respond: (request: IncomingMessage, response: ServerResponse) => void,
  onWaiting: (waiting: Waiting) => void = () => undefined,
): Promise<string> {
  const t = await startAtZero({ holdPingMs: 50 });
  const waiting = await waitForPing(t);
  onWaiting(waiting);
  const pod = await startPod();
  pod.model.respond = (request, response) => {
    expect(request.headers['accept-encoding']).toBeUndefined();
    request.resume().once('end', () => respond(request, response));
  };
  t.cluster.setPods('team-a', deployment, [{ ...pod.sidecar.data, ready: true }]);
  return (await waiting.whole).replace(hasPing, '');
}

const errorIn = (stream: string): unknown => JSON.parse(stream.replace('data: ', '')) as unknown;

it('is told "200, a stream of events", and every now and then that it still waits', async () => {
  const t = await startAtZero({ holdPingMs: 50 });
  const waiting = await waitForPing(t);
  expect(waiting.answer.statusCode).toBe(200);
  expect(waiting.answer.headers).toMatchObject({
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache',
    'x-request-id': expect.any(String) as string,
  });
  await until(() => waiting.heard().split(': ping').length > 2);
  waiting.answer.destroy();
});

it('gets the events of the model as they are', async () => {
  const stream = await streamOf((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    response.write('data: {"a":1}\n\n');
    response.end('data: [DONE]\n\n');
  });
  expect(stream).toBe('data: {"a":1}\n\ndata: [DONE]\n\n');
});

it('gets an answer that is no stream as one event', async () => {
  const stream = await streamOf((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"predictions":[0]}');
  });
  expect(stream).toBe('data: {"predictions":[0]}\n\n');
});

it('gets an error of the model as an error event', async () => {
  const stream = await streamOf((_request, response) => {
    response
      .writeHead(400, { 'content-type': 'application/json' })
      .end('{"error_code":"BAD_REQUEST","message":"no"}');
  });
  expect(errorIn(stream)).toMatchObject({ error: { message: 'no', code: 'BAD_REQUEST', status: 400 } });
});

it.each([
  ['a stream', 'text/event-stream', 'data: {"a":1}\n\n'],
  ['an answer that was to become an event', 'application/json', '{"predictions":'],
])('gets the end of %s that is cut as an error event and a cut', async (_what, type, piece) => {
  let waiting: Waiting | undefined;
  const stream = streamOf(
    (_request, response) => {
      response.writeHead(200, { 'content-type': type });
      response.write(piece, () => response.destroy());
    },
    (given) => (waiting = given),
  );
  await expect(stream).rejects.toThrow('aborted');
  expect(waiting?.heard()).toMatch(/data: \{"error":.*"code":"BAD_GATEWAY","status":502\}\}\n\n$/);
});

it('gets an error event when nothing gets ready', async () => {
  const t = await startAtZero({ holdPingMs: 50, holdWakeTimeoutMs: 800 });
  const { whole } = await waitForPing(t);
  expect(errorIn((await whole).replace(hasPing, ''))).toMatchObject({
    error: { type: 'EvictedNoEndpoints', code: 'TEMPORARILY_UNAVAILABLE', status: 503 },
  });
  expect(await t.registry.metrics()).toContain('code="503"} 1');
});

it('gets an error event when its time is up altogether', async () => {
  const t = await startAtZero({ holdPingMs: 50, totalTimeoutMs: 700 });
  const { whole } = await waitForPing(t);
  expect(errorIn((await whole).replace(hasPing, ''))).toMatchObject({ error: { status: 503 } });
});

it('hears nothing before its answer where it does not accept events, or where that is off', async () => {
  for (const [holdPingMs, headers] of [
    [50, aliceHeaders],
    [0, eager],
  ] as const) {
    const t = await startAtZero({ holdPingMs, holdWakeTimeoutMs: 600 });
    const call = openCall(t.call({ headers }));
    call.end('{}');
    const answer = await answerTo(call);
    expect([answer.statusCode, await readBody(answer)]).toEqual([503, expect.stringContaining('error_code')]);
  }
});
