/** Owns the proof that callers are served over HTTP/2 as they are over HTTP/1.1, in the clear and over TLS. */
import { connect as connectTls } from 'node:tls';
import { once } from 'node:events';
import type { ClientHttp2Session, OutgoingHttpHeaders } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { winePath } from '../gateway/gateway-fixture.ts';
import { startChain } from './chain-fixture.ts';
import type { Chain, ChainOptions } from './chain-fixture.ts';
import { until } from './http-client-fixture.ts';
import { answerOf, ask, openSession } from './http2-client-fixture.ts';
import { makePki } from './pki-fixture.ts';
import type { Pki } from './pki-fixture.ts';

let pki: Pki;
let t: Chain;
let session: ClientHttp2Session;
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());
afterEach(async () => {
  session.destroy();
  await t.stop();
});

const start = async (options?: ChainOptions): Promise<void> => {
  t = await startChain(pki, options);
  session = await openSession({ address: t.gateway.gateway.address });
};
const wine = (more: OutgoingHttpHeaders = {}): OutgoingHttpHeaders => ({
  ':method': 'POST',
  ':path': winePath,
  authorization: 'Bearer alice-token',
  ...more,
});

describe('a request over HTTP/2', () => {
  it('is served in the clear, where the caller knows that it may be', async () => {
    await start();
    const answer = await ask(session, wine({ 'x-request-id': 'r-1', 'content-type': 'application/json' }));
    expect(answer).toMatchObject({ status: 200, body: '{"predictions":[0]}', code: 0 });
    expect(answer.headers).toMatchObject({ 'x-request-id': 'r-1', 'served-model-name': 'wine-1' });
    expect(t.model.seen[0]).toMatchObject({ url: '/invocations', body: '{}' });
  });

  it('is served over TLS, where the two agree on it', async () => {
    await start();
    const secure = await openSession({ address: t.pod.sidecar.data, tls: t.pod.gateway });
    expect(await ask(secure, { ':path': '/invocations' })).toMatchObject({ status: 200, code: 0 });
    secure.destroy();
  });

  it('over TLS is not served where the two have agreed on HTTP/1.1', async () => {
    await start();
    const { host, port } = t.pod.sidecar.data;
    const { secureContext } = t.pod.gateway;
    const socket = connectTls({ host, port, secureContext, checkServerIdentity: () => undefined });
    await once(socket, 'secureConnect');
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    const [heard] = (await once(socket, 'data')) as [Buffer];
    expect(heard.toString()).toMatch(/^HTTP\/1\.1 505 /);
    socket.destroy();
  });

  it('is one of many on its connection', async () => {
    await start();
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, index) => ask(session, wine({ 'x-request-id': `r-${index}` }))),
    );
    expect(answers.map(({ headers }) => headers['x-request-id'])).toEqual(
      Array.from({ length: 40 }, (_, index) => `r-${index}`),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });

  it.each<[name: string, headers: OutgoingHttpHeaders, status: number]>([
    ['without a token', { authorization: undefined }, 401],
    ['to a path that is none', { ':path': '/nothing' }, 404],
    ['with another method', { ':method': 'DELETE' }, 405],
    ['with a body that is too large', { 'content-length': 100_000_000 }, 413],
    ['with HEAD', { ':method': 'HEAD' }, 405],
  ])('%s is refused in the same words', async (_name, headers, status) => {
    await start();
    const stream = session.request(wine(headers), { endStream: headers['content-length'] === undefined });
    const answer = await answerOf(stream);
    expect(answer.status).toBe(status);
    expect(answer.body).toBe(headers[':method'] === 'HEAD' ? '' : answer.body);
    if (headers[':method'] !== 'HEAD') expect(answer.body).toContain('"error_code"');
    expect(t.model.seen).toEqual([]);
  });

  it('with a large body streams to the model', async () => {
    await start();
    const body = 'x'.repeat(3 * 1024 * 1024);
    expect(await ask(session, wine(), body)).toMatchObject({ status: 200, code: 0 });
    expect(t.model.seen[0]?.body.length).toBe(body.length);
  });

  it('without a length is refused when it becomes too large, and its stream ends', async () => {
    await start({ gateway: { maxBodyBytes: 100_000 } });
    const answer = await ask(session, wine(), 'x'.repeat(300_000));
    expect(answer.status).toBe(413);
    expect(await ask(session, wine())).toMatchObject({ status: 200 });
  });

  it('that waits to be told to continue is told so', async () => {
    await start();
    const stream = session.request(wine({ expect: '100-continue', 'content-length': 2 }), {
      endStream: false,
    });
    const answer = answerOf(stream);
    await once(stream, 'continue');
    stream.end('{}');
    expect(await answer).toMatchObject({ status: 200, code: 0 });
  });

  it('whose body does not come is refused, and its connection stays', async () => {
    await start({ limits: { bodyIdleMs: 300 } });
    const stream = session.request(wine({ 'content-length': 5 }), { endStream: false });
    stream.write('he');
    expect(await answerOf(stream)).toMatchObject({ status: 408 });
    expect(await ask(session, wine())).toMatchObject({ status: 200 });
  });
});

describe('an answer over HTTP/2', () => {
  it('comes with interim answers and trailers', async () => {
    await start();
    t.model.respond = (_request, response) => {
      response.writeEarlyHints({ link: '</schema>; rel=preload' });
      response.writeHead(200, { trailer: 'x-sum' });
      response.write('body');
      response.addTrailers({ 'x-sum': '42' });
      response.end();
    };
    const stream = session.request(wine(), { endStream: true });
    const hints: unknown[] = [];
    stream.on('headers', (headers) => hints.push(headers[':status']));
    expect(await answerOf(stream)).toMatchObject({ body: 'body', trailers: { 'x-sum': '42' }, code: 0 });
    expect(hints).toEqual([103]);
  });

  it('arrives event by event', async () => {
    await start();
    let next: (text: string) => void = () => undefined;
    t.model.respond = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
      next = (text) => {
        if (text === '') response.end();
        else response.write(text);
      };
    };
    const stream = session.request(wine(), { endStream: true });
    let heard = '';
    stream.on('data', (bytes: Buffer) => (heard += bytes.toString()));
    await once(stream, 'response');
    for (const text of ['data: 1\n\n', 'data: 2\n\n']) {
      next(text);
      await until(() => heard.endsWith(text));
    }
    next('');
    await once(stream, 'close');
    expect(stream.rstCode).toBe(0);
  });

  it('that is a stream of events and is cut ends in an error event, and then in an error', async () => {
    await start();
    t.model.respond = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: 1\n\n', () => response.destroy());
    };
    const answer = await ask(session, wine());
    expect(answer.code).toBe(2);
    expect(answer.body).toMatch(/^data: 1\n\ndata: \{"error":.*"BAD_GATEWAY".*\}\n\n$/);
    t.model.respond = (_request, response) => void response.end('fine');
    expect(await ask(session, wine())).toMatchObject({ status: 200, body: 'fine' });
  });

  it('that is cut ends in an error', async () => {
    await start();
    t.model.respond = (_request, response) => {
      response.writeHead(200, { 'content-length': 100 });
      response.write('some', () => response.destroy());
    };
    expect((await ask(session, wine())).code).toBe(2);
  });

  it('is read from the model no faster than the caller reads, and others on the connection go on', async () => {
    await start();
    let written = 0;
    const piece = Buffer.alloc(256 * 1024);
    const { respond } = t.model;
    t.model.respond = (_request, response) => {
      const pump = (): void => {
        while (written < 128 * 1024 * 1024) {
          written += piece.length;
          if (!response.write(piece)) return void response.once('drain', pump);
        }
      };
      pump();
    };
    const stream = session.request(wine(), { endStream: true });
    await once(stream, 'response');
    let before = -1;
    while (written !== before) {
      before = written;
      await sleep(300);
    }
    expect(written).toBeLessThan(64 * 1024 * 1024);
    t.model.respond = respond;
    expect(await ask(session, wine())).toMatchObject({ status: 200 });
    stream.close(8);
  });
});

describe('a caller over HTTP/2', () => {
  it('whose model does not read is stopped by the window of its stream, and others go on', async () => {
    await start();
    const { respond } = t.model;
    let goOn: () => void = () => undefined;
    t.model.respond = (request) => {
      request.on('error', () => undefined);
      goOn = () => request.resume();
    };
    const stream = session.request(wine(), { endStream: false });
    stream.on('error', () => undefined);
    const piece = Buffer.alloc(256 * 1024);
    let taken = 0;
    let isFull = false;
    while (!isFull && taken < 128 * 1024 * 1024) {
      taken += piece.length;
      if (!stream.write(piece)) {
        isFull = await Promise.race([once(stream, 'drain').then(() => false), sleep(500).then(() => true)]);
      }
    }
    expect(taken).toBeLessThan(64 * 1024 * 1024);
    t.model.respond = respond;
    expect(await ask(session, wine())).toMatchObject({ status: 200 });
    stream.close(8);
    goOn();
  });

  it.each([
    ['takes a request back', (stream: { close(code: number): void }) => stream.close(8)],
    ['breaks its connection', () => session.destroy()],
  ])('who %s ends it at the model', async (_name, leave) => {
    await start();
    let came = false;
    let gone = false;
    t.model.respond = (request, response) => {
      came = true;
      request.on('error', () => undefined);
      response.once('close', () => (gone = true));
      response.write('some');
    };
    const stream = session.request(wine(), { endStream: true });
    stream.on('error', () => undefined);
    await until(() => came);
    leave(stream);
    await until(() => gone);
  });

  it('who hangs up leaves nothing behind that would have to be waited for', async () => {
    await start({ gateway: { shutdownGraceMs: 60_000 } });
    const others = await Promise.all(
      [1, 2, 3].map(() => openSession({ address: t.gateway.gateway.address })),
    );
    for (const other of others) {
      await ask(other, wine());
      other.destroy();
    }
    session.destroy();
    await t.gateway.gateway.stop();
  });

  it('is told first that the connection will end, and is served until then', async () => {
    await start({ gateway: { drainMs: 400 } });
    const goaways: number[] = [];
    session.on('goaway', (code: number) => goaways.push(code));
    let release: () => void = () => undefined;
    t.model.respond = (_request, response) => {
      release = () => response.end('late');
    };
    const slow = ask(session, wine());
    await sleep(100);
    const draining = t.gateway.gateway.drain();
    await until(() => goaways.length > 0);
    expect(goaways[0]).toBe(0);
    await draining;
    const stopped = t.gateway.gateway.stop();
    release();
    expect(await slow).toMatchObject({ status: 200, body: 'late', code: 0 });
    await stopped;
    await until(() => session.destroyed);
  });
});
