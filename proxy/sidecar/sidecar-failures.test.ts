/** Owns the proof of what callers see when the model server fails. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SidecarConfig } from '../../core/sidecar-config.ts';
import { answerTo, openCall } from '../testing/http-client-fixture.ts';
import { readBody, startModelServer } from '../testing/model-server-fixture.ts';
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

describe('a model server that fails', () => {
  it('before it answers: 502, and the next request is served', async () => {
    await start();
    const { respond } = t.model;
    t.model.respond = (_request, response) => response.destroy();
    expect((await t.send()).status).toBe(502);
    t.model.respond = respond;
    expect((await t.send()).status).toBe(200);
  });

  it('by closing an idle connection under a request: the request is sent once more', async () => {
    await start();
    await t.send();
    let calls = 0;
    const { respond } = t.model;
    t.model.respond = (request, response) => {
      calls += 1;
      if (calls === 1) request.socket.destroy();
      else respond(request, response);
    };
    expect((await t.send()).status).toBe(200);
    expect(calls).toBe(2);
  });

  it('by closing an idle connection under a streamed request: 502, for nothing is left to send again', async () => {
    await start();
    await t.send();
    t.model.respond = (request) => request.socket.destroy();
    const call = openCall(t.call());
    const answer = answerTo(call);
    call.write('piece');
    call.end();
    expect((await answer).statusCode).toBe(502);
    (await answer).resume();
  });

  it('by not listening: 503', async () => {
    await start();
    await t.model.stop();
    const answer = await t.send();
    expect(answer.status).toBe(503);
    expect(answer.headers['x-fairlead-request-dropped-reason']).toBe('unreachable');
  });

  it('by not answering in time: 504', async () => {
    await start(({ timeouts }) => ({ timeouts: { ...timeouts, firstByteMs: 100 } }));
    t.model.respond = () => undefined;
    expect((await t.send()).status).toBe(504);
  });

  it('by not answering in time on a connection that was used before: 504, and it is not asked again', async () => {
    await start(({ timeouts }) => ({ timeouts: { ...timeouts, firstByteMs: 100 } }));
    await t.send();
    let calls = 0;
    t.model.respond = () => {
      calls += 1;
    };
    expect((await t.send()).status).toBe(504);
    expect(calls).toBe(1);
  });

  it('by taking longer than a request may take in all: 504, and its turn is given back', async () => {
    await start(({ timeouts, concurrency }) => ({
      timeouts: { ...timeouts, totalMs: 200 },
      concurrency: { ...concurrency, limit: 1 },
    }));
    const { respond } = t.model;
    t.model.respond = () => undefined;
    expect((await t.send()).status).toBe(504);
    t.model.respond = respond;
    expect((await t.send()).status).toBe(200);
  });

  it('by talking no HTTP: 502', async () => {
    await start();
    t.model.respond = (request) => request.socket.end('BANANA\r\n\r\n');
    expect((await t.send()).status).toBe(502);
  });

  it.each([
    ['a reason', 'HTTP/1.1 200 O\x01K\r\nContent-Length: 2\r\n\r\nok'],
    ['a header', 'HTTP/1.1 200 OK\r\nA: b\x01c\r\nContent-Length: 2\r\n\r\nok'],
  ])('by saying what must not be sent on in %s: 502, and its turn is given back', async (_name, bytes) => {
    await start(({ concurrency }) => ({ concurrency: { ...concurrency, limit: 1 } }));
    const { respond } = t.model;
    t.model.respond = (request) => request.socket.end(bytes);
    expect((await t.send()).status).toBe(502);
    t.model.respond = respond;
    expect((await t.send()).status).toBe(200);
  });

  it('by saying what must not be sent on in a trailer: the answer is cut, and its turn is given back', async () => {
    await start(({ concurrency }) => ({ concurrency: { ...concurrency, limit: 1 } }));
    const { respond } = t.model;
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
    t.model.respond = (request) => request.socket.end(`${head}2\r\nok\r\n0\r\nA: b\x01c\r\n\r\n`);
    await expect(t.send()).rejects.toThrow('aborted');
    t.model.respond = respond;
    expect((await t.send()).status).toBe(200);
  });

  it('only to give a hint that makes sense: the hint is left out', async () => {
    await start();
    const { respond } = t.model;
    t.model.respond = (request, response) => {
      request.socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload, </b>; rel=preload\r\n\r\n');
      respond(request, response);
    };
    expect((await t.send()).status).toBe(200);
  });

  it('by answering before it has read the request: the caller gets that answer', async () => {
    await start();
    t.model.respond = (_request, response) => {
      response.writeHead(422, { connection: 'close' }).end('too early');
    };
    const call = openCall(t.call());
    call.on('error', () => undefined);
    const answer = answerTo(call);
    call.write('piece');
    const early = await answer;
    expect(early.statusCode).toBe(422);
    expect(early.headers.connection).toBe('close');
    call.end();
    expect(await readBody(early)).toBe('too early');
  });

  it('and comes back at another port: the configuration says where', async () => {
    await start();
    const other = await startModelServer();
    const { current } = t.config;
    t.config.set({ ...current, modelServer: { ...current.modelServer, port: other.port } });
    expect((await t.send()).status).toBe(200);
    expect(other.seen).toHaveLength(1);
    await other.stop();
  });
});
