import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createServer as createTlsServer } from 'node:tls';
import { makePki, operatorIdentity, wineIdentity } from '../testing/pki-fixture.ts';
import type { Pki } from '../testing/pki-fixture.ts';
import { until } from '../testing/http-client-fixture.ts';
import { ask } from './ask.ts';
import { Pool } from './pool.ts';
import type { PoolOptions } from './pool.ts';
import type { UpstreamFailure, UpstreamHandler, UpstreamRequest } from './upstream-request.ts';

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const question = { method: 'GET', path: '/', timeoutMs: 5_000 } as const;
const request: UpstreamRequest = {
  method: 'POST',
  path: '/',
  headers: ['a', 'b'],
  body: Buffer.from('body'),
  contentLength: 4,
};
const patient = { connectMs: 5_000, firstByteMs: 5_000, idleMs: 5_000 };

/** A server of bytes: each connection goes to `serve`. */
interface Peer {
  readonly port: number;
  readonly sockets: Socket[];
  readonly received: string[];
}

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function startPeer(
  serve: (socket: Socket, text: string) => void,
  server: Server = createServer(),
): Promise<Peer> {
  const sockets: Socket[] = [];
  const received: string[] = [];
  const onSocket = (socket: Socket): void => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes: Buffer) => {
      received.push(bytes.toString());
      serve(socket, bytes.toString());
    });
  };
  server.on(server.listenerCount('secureConnection') > 0 ? 'secureConnection' : 'connection', onSocket);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUps.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, sockets, received };
}

function makePool(port: number, more: Partial<PoolOptions> = {}): Pool {
  const pool = new Pool({ host: '127.0.0.1', port, idleMs: 5_000, ...more });
  cleanUps.push(() => pool.destroy());
  return pool;
}

/** Sends `request` and resolves with the failure, or undefined when it was answered. */
function failureOf(pool: Pool, timeouts = patient): Promise<UpstreamFailure | undefined> {
  return new Promise((resolve) => {
    pool.send(request, listener({ onAnswerEnd: () => resolve(undefined), onFailure: resolve }), timeouts);
  });
}

const nothing = (): void => undefined;
const listener = (some: Partial<UpstreamHandler>): UpstreamHandler => ({
  onInformation: nothing,
  onHead: nothing,
  onAnswerBody: nothing,
  onAnswerEnd: nothing,
  onFailure: nothing,
  onWritable: nothing,
  onUpstreamDrain: nothing,
  ...some,
});

describe('Pool', () => {
  it('sends head and body in one piece, with the framing of its own', async () => {
    const peer = await startPeer((socket) => socket.write(ok));
    expect(await failureOf(makePool(peer.port))).toBeUndefined();
    expect(peer.received).toEqual([
      `POST / HTTP/1.1\r\nhost: 127.0.0.1:${peer.port}\r\na: b\r\ncontent-length: 4\r\n\r\nbody`,
    ]);
  });

  it('uses a connection again', async () => {
    const peer = await startPeer((socket) => socket.write(ok));
    const pool = makePool(peer.port);
    for (let count = 0; count < 5; count += 1) expect((await ask(pool, question)).body.toString()).toBe('ok');
    expect(peer.sockets).toHaveLength(1);
  });

  it('opens as many connections as there are requests at one time', async () => {
    const peer = await startPeer((socket) => setTimeout(() => socket.write(ok), 20));
    const pool = makePool(peer.port);
    await Promise.all(Array.from({ length: 4 }, () => ask(pool, question)));
    expect(peer.sockets).toHaveLength(4);
  });

  it.each([
    ['says that it closes', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'],
    [
      'keeps connections for a moment only',
      'HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1\r\nContent-Length: 2\r\n\r\nok',
    ],
  ])('does not use a connection again when the other side %s', async (_name, answer) => {
    const peer = await startPeer((socket) => socket.write(answer));
    const pool = makePool(peer.port);
    await ask(pool, question);
    await ask(pool, question);
    expect(peer.sockets).toHaveLength(2);
  });

  it('calls a request stale that met the end of an idle connection', async () => {
    const peer = await startPeer((socket) => {
      if (peer.received.length === 1) socket.write(ok);
      else socket.destroy();
    });
    const pool = makePool(peer.port);
    await ask(pool, question);
    expect(await failureOf(pool)).toMatchObject({ kind: 'stale', error: { code: 'UPSTREAM_CLOSED' } });
  });

  it('calls a request lost when a new connection ends without an answer', async () => {
    const peer = await startPeer((socket) => socket.destroy());
    expect(await failureOf(makePool(peer.port))).toMatchObject({ kind: 'lost' });
  });

  it('calls a request unsent when nobody listens', async () => {
    expect(await failureOf(makePool(1))).toMatchObject({
      kind: 'unsent',
      error: { code: 'UPSTREAM_UNREACHABLE' },
    });
  });

  it.each([
    ['no answer begins', '', { ...patient, firstByteMs: 50 }],
    ['an answer stands still', ok.slice(0, -1), { ...patient, idleMs: 50 }],
  ])('gives up in time when %s', async (_name, sent, timeouts) => {
    const peer = await startPeer((socket) => socket.write(sent));
    expect(await failureOf(makePool(peer.port), timeouts)).toMatchObject({
      kind: 'lost',
      error: { code: 'UPSTREAM_TIMEOUT' },
    });
  });

  it.each([
    ['is cut in its head', 'HTTP/1.1 200 OK\r\nCont', 'UPSTREAM_CLOSED'],
    ['is cut in its body', ok.slice(0, -1), 'UPSTREAM_CLOSED'],
    ['is no HTTP', 'SSH-2.0-OpenSSH_9.2p1\r\n\r\n', 'UPSTREAM_MALFORMED'],
  ])('calls a request lost when the answer %s', async (_name, sent, code) => {
    const peer = await startPeer((socket) => socket.end(sent));
    expect(await failureOf(makePool(peer.port))).toMatchObject({ kind: 'lost', error: { code } });
  });

  it('closes a connection that says something unasked', async () => {
    const peer = await startPeer((socket) => socket.write(ok));
    const pool = makePool(peer.port);
    await ask(pool, question);
    peer.sockets[0]?.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil');
    await until(() => peer.sockets[0]?.destroyed === true);
    expect((await ask(pool, question)).body.toString()).toBe('ok');
  });

  it('stops reading while it is paused, and its deadline rests', async () => {
    const peer = await startPeer((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${4 * 1024 * 1024}\r\n\r\n`);
      socket.write(Buffer.alloc(4 * 1024 * 1024));
    });
    let bytes = 0;
    let done = false;
    const call = makePool(peer.port).send(
      request,
      listener({
        onAnswerBody: (chunk) => {
          bytes += chunk.length;
        },
        onHead: () => call.pause(),
        onAnswerEnd: () => {
          done = true;
        },
      }),
      { ...patient, idleMs: 300 },
    );
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(bytes).toBeLessThan(512 * 1024);
    call.resume();
    await until(() => done);
    expect(bytes).toBe(4 * 1024 * 1024);
  });

  it('tells the other side of an abort by closing, and the caller nothing more', async () => {
    const peer = await startPeer((socket) => socket.write(ok.slice(0, -1)));
    let told = 0;
    const tell = (): void => {
      told += 1;
    };
    const call = makePool(peer.port).send(request, listener({ onFailure: tell, onAnswerEnd: tell }), patient);
    await until(() => peer.received.length > 0);
    call.abort();
    await until(() => peer.sockets[0]?.destroyed === true);
    expect(told).toBe(0);
  });

  it('lets requests under way end when it is retired, and keeps no connection after that', async () => {
    const peer = await startPeer((socket) => setTimeout(() => socket.write(ok), 50));
    const pool = makePool(peer.port);
    const answer = ask(pool, question);
    await until(() => peer.received.length > 0);
    pool.retire();
    expect((await answer).status).toBe(200);
    await until(() => peer.sockets[0]?.destroyed === true);
  });

  it('fails requests under way when it is destroyed', async () => {
    const peer = await startPeer(nothing);
    const pool = makePool(peer.port);
    const failure = failureOf(pool);
    await until(() => peer.received.length > 0);
    pool.destroy();
    expect(await failure).toMatchObject({ kind: 'lost' });
  });
});

describe('ask', () => {
  it('gives up after its time, whatever the answer does', async () => {
    const peer = await startPeer((socket) => {
      const drip = setInterval(() => socket.write('x'), 10);
      socket.once('close', () => clearInterval(drip));
    });
    await expect(ask(makePool(peer.port), { ...question, timeoutMs: 100 })).rejects.toMatchObject({
      code: 'UPSTREAM_TIMEOUT',
    });
  });

  it('refuses an answer that never ends', async () => {
    const peer = await startPeer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.write(Buffer.alloc(1024 * 1024));
    });
    await expect(ask(makePool(peer.port), question)).rejects.toMatchObject({ code: 'UPSTREAM_MALFORMED' });
  });
});

describe('Pool with TLS', () => {
  let pki: Pki;
  beforeAll(async () => {
    pki = await makePki();
  });
  afterAll(() => pki.removeDirectories());

  const startTlsPeer = async (): Promise<Peer> => {
    const { cert, key, ca } = await pki.material(wineIdentity);
    const server = createTlsServer({ cert, key, ca, requestCert: true }, nothing);
    return startPeer((socket) => socket.write(ok), server);
  };

  it('talks to the peer that proves the identity', async () => {
    const peer = await startTlsPeer();
    const { secureContext } = await pki.material(operatorIdentity);
    const tls = { secureContext: () => secureContext, identity: wineIdentity };
    expect((await ask(makePool(peer.port, { tls }), question)).status).toBe(200);
  });

  it('sends nothing to a peer of another identity, nor to one of another authority', async () => {
    const peer = await startTlsPeer();
    const own = (await pki.material(operatorIdentity)).secureContext;
    const foreign = (await (await makePki()).material(operatorIdentity)).secureContext;
    const impostor = { secureContext: () => own, identity: operatorIdentity };
    const stranger = { secureContext: () => foreign, identity: wineIdentity };
    for (const tls of [impostor, stranger]) {
      expect(await failureOf(makePool(peer.port, { tls }))).toMatchObject({ kind: 'unsent' });
    }
    expect(peer.received).toEqual([]);
  });
});
