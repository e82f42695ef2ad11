import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SidecarConfig } from '../../core/sidecar-config.ts';
import { answerTo, openCall, send, until } from '../testing/http-client-fixture.ts';
import { readBody, startModelServer } from '../testing/model-server-fixture.ts';
import { makePki, operatorIdentity, wineIdentity } from '../testing/pki-fixture.ts';
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
const errorCode = (json: unknown): unknown => (json as { error_code?: unknown } | undefined)?.error_code;

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

describe('a request that is refused', () => {
  it('because it comes without a certificate never gets as far as HTTP', async () => {
    await start();
    const { key: _key, cert: _cert, ...bare } = t.gateway;
    await expect(t.send({ tls: { ...bare, key: '', cert: '' } })).rejects.toThrow();
  });

  it('because its certificate is of another authority neither', async () => {
    await start();
    const foreign = await (await makePki()).material(wineIdentity);
    await expect(t.send({ tls: { ...foreign, ca: t.gateway.ca } })).rejects.toThrow();
  });

  it.each([
    ['from an identity that is no forwarder', {}, 403, 'PERMISSION_DENIED'],
    ['at another path', { path: '/v1/models' }, 404, 'ENDPOINT_NOT_FOUND'],
    ['with another method', { method: 'GET' }, 405, 'METHOD_NOT_ALLOWED'],
    ['larger than allowed', { body: 'x'.repeat(2_000) }, 413, 'MAX_REQUEST_SIZE_EXCEEDED'],
    [
      'with an ambiguous Connection header',
      { headers: { connection: 'close, content-type' } },
      400,
      'BAD_REQUEST',
    ],
  ])('%s gets its reason as JSON', async (name, call, status, code) => {
    await start(() => ({ maxBodyBytes: 1_000 }));
    const tls = name.includes('identity') ? await pki.material(operatorIdentity) : t.gateway;
    const answer = await t.send({ ...call, tls });
    expect(answer.status).toBe(status);
    expect(errorCode(answer.json)).toBe(code);
    expect(t.model.seen).toEqual([]);
  });

  it('because its chunks become too many gets 413', async () => {
    await start(() => ({ maxBodyBytes: 1_000 }));
    t.model.respond = (request) => request.resume();
    const call = openCall(t.call());
    call.on('error', () => undefined);
    const answer = answerTo(call);
    for (let count = 0; count < 20; count += 1) call.write('x'.repeat(100));
    expect((await answer).statusCode).toBe(413);
    (await answer).resume();
    call.end();
  });

  it('because no turn and no place in the queue is left gets 429 with Retry-After', async () => {
    await start(() => ({ concurrency: { limit: 1, queue: 1, queueTimeoutMs: 5_000 } }));
    const waiting: (() => void)[] = [];
    t.model.respond = (_request, response) => waiting.push(() => response.end('{}'));
    const first = t.send();
    await until(() => waiting.length === 1);
    const second = t.send();
    await sleep(50);
    const third = await t.send();
    expect(third.status).toBe(429);
    expect(errorCode(third.json)).toBe('RESOURCE_EXHAUSTED');
    expect(third.headers).toMatchObject({
      'retry-after': '1',
      'x-fairlead-request-dropped-reason': 'queue_full',
    });
    waiting[0]?.();
    await until(() => waiting.length === 2);
    waiting[1]?.();
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
  });

  it('because it waited too long for its turn gets 429', async () => {
    await start(() => ({ concurrency: { limit: 1, queue: 5, queueTimeoutMs: 100 } }));
    let release: () => void = () => undefined;
    t.model.respond = (_request, response) => {
      release = () => response.end('{}');
    };
    const first = t.send();
    await sleep(50);
    const second = await t.send();
    expect(second.status).toBe(429);
    expect(second.headers['x-fairlead-request-dropped-reason']).toBe('queue_timeout');
    release();
    expect((await first).status).toBe(200);
  });
});

describe('limits', () => {
  const perUser: SidecarConfig['rateLimits'] = [{ key: 'user', calls: 1, renewalPeriod: 'minute' }];

  it('do not count what the gateway has accounted', async () => {
    await start(() => ({ rateLimits: perUser }));
    const statuses = [await t.send(), await t.send()].map(({ status }) => status);
    expect(statuses).toEqual([200, 200]);
  });

  it('count callers whom nobody has accounted, each by name', async () => {
    await start(() => ({ rateLimits: perUser }));
    const as = (principal: string): Promise<{ status: number }> =>
      t.send({ headers: { 'x-fairlead-principal': encodeURIComponent(principal) } });
    const statuses = [await as('alice'), await as('zoë'), await as('alice')].map(({ status }) => status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  it('change with the configuration file', async () => {
    await start();
    const { current } = t.config;
    t.config.set({ ...current, rateLimits: [{ key: 'endpoint', calls: 0, renewalPeriod: 'minute' }] });
    const answer = await t.send({ headers: { 'x-fairlead-principal': 'alice' } });
    expect(answer.status).toBe(403);
    expect(answer.body).toContain('disabled due to a rate limit set to 0');
  });
});

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

describe('the admin port', () => {
  const admin = async (path: string): Promise<{ status: number; body: string }> =>
    send({ to: t.sidecar.admin, path, method: 'GET' });

  it('is ready while the model is', async () => {
    await start();
    await t.ready();
    t.model.healthy = false;
    let status = 200;
    while (status === 200) ({ status } = await admin('/readyz'));
    t.model.healthy = true;
    await t.ready();
  });

  it('passes the probes of kubelet on to the model', async () => {
    await start();
    expect((await admin('/model/readyz')).status).toBe(200);
    t.model.healthy = false;
    expect((await admin('/model/livez')).status).toBe(503);
    await t.model.stop();
    expect((await admin('/model/livez')).status).toBe(503);
  });

  it('has metrics with the labels of the endpoint alone', async () => {
    await start();
    await t.send();
    await t.send({ path: '/made-up' });
    const { body } = await admin('/metrics');
    expect(body).toContain(
      'fairlead_proxy_requests_total{endpoint="team-a/wine",served_entity="wine-1",code="200"} 1',
    );
    expect(body).toContain('fairlead_proxy_dropped_total{endpoint="_none",reason="unknown_path"} 1');
    expect(body).not.toContain('made-up');
  });
});

describe('waiting for readiness', () => {
  const awaitReady = (): Promise<{ status: number }> =>
    t.send({ path: '/await-ready', method: 'GET', body: '' });

  it('is answered the moment the model is ready', async () => {
    await start();
    t.model.healthy = false;
    await sleep(50);
    let answered = false;
    const answer = awaitReady().then(({ status }) => {
      answered = true;
      return status;
    });
    await sleep(200);
    expect(answered).toBe(false);
    t.model.healthy = true;
    expect(await answer).toBe(200);
  });

  it('is answered at once when it is ready already', async () => {
    await start();
    await t.ready();
    expect((await awaitReady()).status).toBe(200);
  });
});

describe('draining', () => {
  it('is unready at once and goes on serving until it is quiet', async () => {
    await start(() => ({ drain: { quietMs: 300, maxMs: 5_000 } }));
    await t.ready();
    let drained = false;
    const draining = t.sidecar.drain().then(() => {
      drained = true;
    });
    expect((await send({ to: t.sidecar.admin, path: '/readyz', method: 'GET' })).status).toBe(503);
    for (let count = 0; count < 4; count += 1) {
      await sleep(100);
      expect((await t.send()).status).toBe(200);
    }
    expect(drained).toBe(false);
    await draining;
    expect((await t.send()).headers.connection).toBe('close');
  });

  it('does not wait for ever', async () => {
    await start(() => ({ drain: { quietMs: 60_000, maxMs: 200 } }));
    await t.sidecar.drain();
  });

  it('waits for what is under way', async () => {
    await start(() => ({ drain: { quietMs: 0, maxMs: 5_000 } }));
    let release: () => void = () => undefined;
    t.model.respond = (_request, response) => {
      release = () => response.end('{}');
    };
    const answer = t.send();
    await sleep(50);
    let drained = false;
    const draining = t.sidecar.drain().then(() => {
      drained = true;
    });
    await sleep(150);
    expect(drained).toBe(false);
    release();
    await draining;
    expect((await answer).status).toBe(200);
  });

  it('through the hook of the model container ends when that was only restarted', async () => {
    await start(() => ({ drain: { quietMs: 0, maxMs: 1_000 } }));
    await t.ready();
    expect((await send({ to: t.sidecar.admin, path: '/wait-for-drain', method: 'GET' })).status).toBe(200);
    expect((await send({ to: t.sidecar.admin, path: '/readyz', method: 'GET' })).status).toBe(503);
    const { host, port } = t.model;
    await t.model.stop();
    // Until the sidecar has seen that nobody listens there.
    await sleep(1_500);
    const restarted = await startModelServer(host, port);
    await t.ready();
    await restarted.stop();
  });
});

describe('certificates', () => {
  it('that are renewed are shown to new connections', async () => {
    await start();
    expect((await t.send()).status).toBe(200);
    t.tls.set(await pki.material(operatorIdentity));
    const call = openCall(t.call());
    call.end('{}');
    const answer = await answerTo(call);
    const socket = answer.socket as unknown as { getPeerCertificate(): { subjectaltname: string } };
    expect(socket.getPeerCertificate().subjectaltname).toContain(operatorIdentity);
    answer.resume();
  });
});
