/** Owns the proof that requests and answers pass a sidecar unharmed, streams included. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SidecarConfig } from '../../core/sidecar-config.ts';
import { answerTo, openCall, until } from '../testing/http-client-fixture.ts';
import { readBody } from '../testing/model-server-fixture.ts';
import { makePki } from '../testing/pki-fixture.ts';
import type { Pki } from '../testing/pki-fixture.ts';
import { startSidecarUnderTest } from './sidecar-fixture.ts';
import type { SidecarUnderTest } from './sidecar-fixture.ts';

let pki: Pki;
let t: SidecarUnderTest;
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());
afterEach(() => t.stop());

const start = async (
  change: (config: SidecarConfig) => Partial<SidecarConfig> = () => ({}),
): Promise<void> => {
  t = await startSidecarUnderTest(pki, (config) => ({ ...config, ...change(config) }));
};
const jsonHeaders = { 'content-type': 'application/json', 'x-fairlead-accounted': '1' };

describe('a request of the gateway', () => {
  it('reaches the model, and the answer says which entity gave it', async () => {
    await start();
    const answer = await t.send({
      path: '/invocations?trace=1',
      headers: { ...jsonHeaders, 'x-request-id': 'r-1' },
    });
    expect(answer).toMatchObject({ status: 200, json: { predictions: [0] } });
    expect(answer.headers).toMatchObject({ 'served-model-name': 'wine-1', 'x-request-id': 'r-1' });
    expect(t.model.seen[0]).toMatchObject({ url: '/invocations?trace=1', body: '{"inputs":[1]}' });
  });

  it('reaches the model without the words between proxies and without credentials', async () => {
    await start();
    await t.send({
      headers: { ...jsonHeaders, authorization: 'Bearer x', cookie: 'a=b', 'x-custom': 'kept' },
    });
    const names = Object.keys(t.model.seen[0]?.headers ?? {});
    expect(names).toContain('x-custom');
    expect(
      names.filter((name) => name.startsWith('x-fairlead') || name === 'authorization' || name === 'cookie'),
    ).toEqual([]);
  });

  it('gets what the model refuses as the model says it', async () => {
    await start();
    t.model.respond = (_request, response) => {
      response
        .writeHead(400, { 'content-type': 'application/json' })
        .end('{"error_code":"BAD_REQUEST","message":"no"}');
    };
    expect(await t.send({ body: '{' })).toMatchObject({
      status: 400,
      body: '{"error_code":"BAD_REQUEST","message":"no"}',
    });
  });

  it('does not get words that only a proxy may speak from the model', async () => {
    await start();
    t.model.respond = (_request, response) => {
      response
        .writeHead(429, { 'x-fairlead-request-dropped-reason': 'queue_full', 'served-model-name': 'other' })
        .end();
    };
    const { headers } = await t.send();
    expect(headers).not.toHaveProperty('x-fairlead-request-dropped-reason');
    expect(headers['served-model-name']).toBe('wine-1');
  });

  it('with a body of unknown length is streamed to the model in pieces', async () => {
    await start();
    const pieces: string[] = [];
    t.model.respond = (request, response) => {
      request.on('data', (piece: Buffer) => pieces.push(piece.toString()));
      request.on('end', () => response.end('done'));
    };
    const call = openCall(t.call());
    const answer = answerTo(call);
    call.write('first');
    await until(() => pieces.length === 1);
    call.end('second');
    expect(await readBody(await answer)).toBe('done');
    expect(pieces).toEqual(['first', 'second']);
  });

  it('of many megabytes arrives whole', async () => {
    await start();
    const body = 'x'.repeat(3 * 1024 * 1024);
    expect((await t.send({ body })).status).toBe(200);
    expect(t.model.seen[0]?.body.length).toBe(body.length);
  });

  it('that waits for 100 Continue gets it', async () => {
    await start();
    const call = openCall(
      t.call({ headers: { ...jsonHeaders, expect: '100-continue', 'content-length': '2' } }),
    );
    const answer = answerTo(call);
    call.flushHeaders();
    await new Promise((resolve) => call.once('continue', resolve));
    call.end('{}');
    expect((await answer).statusCode).toBe(200);
    (await answer).resume();
  });
});

describe('an answer that streams', () => {
  it('arrives event by event, not at its end', async () => {
    await start();
    let next: (text: string) => void = () => undefined;
    let end: () => void = () => undefined;
    t.model.respond = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      next = (text) => response.write(text);
      end = () => response.end();
    };
    const call = openCall(t.call());
    call.end('{}');
    const answer = await answerTo(call);
    const heard: string[] = [];
    answer.on('data', (piece: Buffer) => heard.push(piece.toString()));
    for (const text of ['data: 1\n\n', 'data: 2\n\n', 'data: [DONE]\n\n']) {
      next(text);
      await until(() => heard.at(-1) === text);
    }
    end();
    await new Promise((resolve) => answer.once('end', resolve));
    expect(heard).toHaveLength(3);
  });

  it('comes with its trailers and interim answers', async () => {
    await start();
    t.model.respond = (_request, response) => {
      response.writeEarlyHints({ link: '</schema>; rel=preload' });
      response.writeHead(200, { trailer: 'x-sum' });
      response.write('body');
      response.addTrailers({ 'x-sum': '42' });
      response.end();
    };
    const call = openCall(t.call());
    const hints: unknown[] = [];
    call.on('information', ({ statusCode }) => hints.push(statusCode));
    call.end('{}');
    const answer = await answerTo(call);
    expect(await readBody(answer)).toBe('body');
    expect(answer.trailers).toEqual({ 'x-sum': '42' });
    expect(hints).toEqual([103]);
  });

  it('is read from the model no faster than the caller takes it', async () => {
    await start();
    let written = 0;
    t.model.respond = (_request, response) => {
      const piece = Buffer.alloc(64 * 1024);
      const pump = (): void => {
        while (written < 64 * 1024 * 1024) {
          written += piece.length;
          if (!response.write(piece)) return void response.once('drain', pump);
        }
        response.end();
      };
      pump();
    };
    const call = openCall(t.call());
    call.end('{}');
    const answer = await answerTo(call);
    answer.pause();
    await sleep(300);
    const stuckAt = written;
    await sleep(200);
    expect(written).toBe(stuckAt);
    expect(written).toBeLessThan(32 * 1024 * 1024);
    let read = 0;
    answer.on('data', (piece: Buffer) => {
      read += piece.length;
    });
    answer.resume();
    await new Promise((resolve) => answer.once('end', resolve));
    expect(read).toBe(64 * 1024 * 1024);
  });

  it('that is cut by the model does not look whole to the caller', async () => {
    await start();
    t.model.respond = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n', () => response.destroy());
    };
    const call = openCall(t.call());
    call.end('{}');
    await expect(readBody(await answerTo(call))).rejects.toThrow(/aborted/);
  });

  it('ends at the model when the caller goes away', async () => {
    await start();
    let closed = false;
    const { respond } = t.model;
    t.model.respond = (_request, response) => {
      response.writeHead(200).write('some');
      response.once('close', () => {
        closed = true;
      });
    };
    const call = openCall(t.call());
    call.end('{}');
    (await answerTo(call)).destroy();
    await until(() => closed);
    t.model.respond = respond;
    expect((await t.send()).status).toBe(200);
  });
});
