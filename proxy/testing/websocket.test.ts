/** Owns the proof that WebSockets go the way of every request, and then carry bytes both ways until somebody ends them. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'undici';
import type { CloseEvent } from 'undici';
import { winePath } from '../gateway/gateway-fixture.ts';
import { aWineEndpoint } from './cluster-fixture.ts';
import { deployment, startChain } from './chain-fixture.ts';
import type { Chain, ChainOptions } from './chain-fixture.ts';
import { until } from './http-client-fixture.ts';
import { makePki } from './pki-fixture.ts';
import type { Pki } from './pki-fixture.ts';
import { acceptWebSockets, textFrame } from './websocket-fixture.ts';

let pki: Pki;
let t: Chain;
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());
afterEach(() => t.stop());

const start = async (options?: ChainOptions): Promise<void> => {
  t = await startChain(pki, options);
};
const handshake = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
];

function connect(path = winePath, protocols: string[] = []): WebSocket {
  const { host, port } = t.gateway.gateway.address;
  const headers = { authorization: 'Bearer alice-token' };
  const socket = new WebSocket(`ws://${host}:${port}${path}`, { protocols, headers });
  socket.binaryType = 'arraybuffer';
  return socket;
}

const opened = (socket: WebSocket): Promise<void> =>
  new Promise((resolve, reject) => {
    socket.addEventListener('open', () => resolve());
    socket.addEventListener('error', ({ error }) => reject(error));
  });
const closed = (socket: WebSocket): Promise<CloseEvent> =>
  new Promise((resolve) => socket.addEventListener('close', resolve));

describe('a WebSocket', () => {
  it('carries messages both ways, of any size', async () => {
    await start();
    acceptWebSockets(t.model);
    const socket = connect();
    const heard: unknown[] = [];
    socket.addEventListener('message', ({ data }) => heard.push(data));
    await opened(socket);
    socket.send('hello');
    socket.send(Buffer.alloc(1024 * 1024, 'x'));
    await until(() => heard.length === 2);
    expect(heard[0]).toBe('hello');
    expect(Buffer.from(heard[1] as ArrayBuffer).equals(Buffer.alloc(1024 * 1024, 'x'))).toBe(true);
    socket.close(1000, 'done');
    expect(await closed(socket)).toMatchObject({ code: 1000, reason: 'done', wasClean: true });
  });

  it('comes to the model as its client sent it, without credentials and words between proxies', async () => {
    await start();
    const sockets = acceptWebSockets(t.model);
    const socket = connect(`${winePath}?room=1`, ['scores']);
    await opened(socket);
    expect(socket.protocol).toBe('scores');
    const { url, headers } = sockets[0]!.request;
    expect(url).toBe('/invocations?room=1');
    expect(headers).toMatchObject({ upgrade: 'websocket', 'sec-websocket-protocol': 'scores' });
    const names = Object.keys(headers);
    expect(names.filter((name) => name.startsWith('x-fairlead') || name === 'authorization')).toEqual([]);
    socket.close();
    await closed(socket);
  });

  it('has a turn at the model for as long as it lives, and counts as demand', async () => {
    await start({ sidecar: ({ concurrency }) => ({ concurrency: { ...concurrency, limit: 1 } }) });
    acceptWebSockets(t.model);
    const socket = connect();
    await opened(socket);
    expect(await t.pod.registry.getSingleMetricAsString('fairlead_proxy_in_flight')).toContain(' 1');
    const other = t.open();
    await sleep(200);
    expect(other.answers).toEqual([]);
    socket.close();
    await other.untilAnswers(1);
    expect(other.answers[0]).toMatchObject({ status: 200 });
    other.destroy();
  });

  it('is not ended by the time that a request may take in all', async () => {
    await start({
      gateway: { totalTimeoutMs: 300, idleTimeoutMs: 5_000 },
      sidecar: ({ timeouts }) => ({ timeouts: { ...timeouts, totalMs: 300 } }),
    });
    acceptWebSockets(t.model);
    const socket = connect();
    await opened(socket);
    await sleep(900);
    socket.send('still there');
    const message = await new Promise((resolve) =>
      socket.addEventListener('message', ({ data }) => resolve(data)),
    );
    expect(message).toBe('still there');
    socket.close();
    await closed(socket);
  });

  it('waits for an endpoint that is at zero', async () => {
    await start();
    acceptWebSockets(t.model);
    t.gateway.cluster.setPods('team-a', deployment, []);
    await t.gateway.caughtUp();
    const socket = connect();
    await sleep(100);
    t.gateway.cluster.setPods('team-a', deployment, [{ ...t.pod.sidecar.data, ready: true }]);
    await opened(socket);
    socket.close();
    await closed(socket);
  });

  it('on which nothing passes for too long is closed as the server going away', async () => {
    await start({ sidecar: ({ timeouts }) => ({ timeouts: { ...timeouts, idleMs: 300 } }) });
    acceptWebSockets(t.model);
    const socket = connect();
    await opened(socket);
    expect(await closed(socket)).toMatchObject({ code: 1001 });
  });

  it('on which only the client speaks is not idle', async () => {
    await start({
      gateway: { idleTimeoutMs: 400 },
      sidecar: ({ timeouts }) => ({ timeouts: { ...timeouts, idleMs: 400 } }),
    });
    const sockets = acceptWebSockets(t.model, () => undefined);
    const socket = connect();
    await opened(socket);
    for (let count = 0; count < 10; count += 1) {
      socket.send('ping');
      await sleep(100);
    }
    expect(socket.readyState).toBe(WebSocket.OPEN);
    expect(sockets[0]?.heard).toHaveLength(10);
    socket.close();
    await closed(socket);
  });

  it('ends at the model when its client goes away, and at the client when the model does', async () => {
    await start();
    const sockets = acceptWebSockets(t.model);
    const client = t.open(handshake);
    await until(() => sockets.length === 1);
    const gone = once(sockets[0]!.stream, 'close');
    client.destroy();
    await gone;
    const other = connect();
    await opened(other);
    sockets[1]!.stream.destroy();
    expect((await closed(other)).wasClean).toBe(false);
  });

  it('whose client says something before it is accepted loses nothing of it', async () => {
    await start();
    const sockets = acceptWebSockets(t.model);
    const client = t.open(handshake);
    await client.send(textFrame('early'));
    await until(() => sockets[0]?.heard.length === 1);
    expect(sockets[0]?.heard.map(String)).toEqual(['early']);
    client.destroy();
  });
});

describe('a WebSocket that is refused', () => {
  const statusOf = async (headers: readonly string[]): Promise<number | undefined> => {
    const client = t.open(headers);
    await client.untilAnswers(1);
    client.destroy();
    return client.answers[0]?.status;
  };

  it('by the gateway, like any other request: permission, limits once', async () => {
    await start();
    const sockets = acceptWebSockets(t.model);
    t.gateway.cluster.permitted.delete('alice');
    expect(await statusOf(handshake)).toBe(403);
    t.gateway.cluster.permitted.add('alice');
    await sleep(50);
    expect(sockets).toHaveLength(0);
  });

  it('by a limit is told so, and an accepted one has counted once', async () => {
    await start({ gateway: { refusalTtlMs: 0 } });
    acceptWebSockets(t.model);
    t.gateway.cluster.setEndpoint(
      aWineEndpoint((endpoint) => ({
        ...endpoint,
        spec: { ...endpoint.spec, rateLimits: [{ key: 'user', calls: 2, renewalPeriod: 'minute' }] },
      })),
    );
    await t.gateway.caughtUp();
    expect([await statusOf(handshake), await statusOf(handshake), await statusOf(handshake)]).toEqual([
      101, 101, 429,
    ]);
  });

  it('by the model gets its answer, and the connection goes on in HTTP', async () => {
    await start();
    t.model.respond = (_request, response) =>
      void response.writeHead(426, { 'content-length': 3 }).end('no!');
    const client = t.open(handshake);
    await client.untilAnswers(1);
    expect(client.answers[0]).toMatchObject({ status: 426, body: 'no!' });
    await client.send(`POST /nothing HTTP/1.1\r\nHost: a\r\n\r\n`);
    await client.untilAnswers(2);
    expect(client.answers[1]).toMatchObject({ status: 404 });
    client.destroy();
  });

  it.each([
    ['that names another protocol', 'Upgrade: h2c\r\nConnection: Upgrade\r\n'],
    ['that names no protocol', 'Connection: Upgrade\r\n'],
  ])('by an acceptance %s: 502, and no tunnel', async (_name, headers) => {
    await start();
    t.model.server.on('upgrade', (_request, stream) => {
      stream.on('error', () => undefined);
      stream.write(`HTTP/1.1 101 Switching Protocols\r\n${headers}\r\n`);
    });
    const client = t.open(handshake);
    await client.untilAnswers(1);
    expect(client.answers[0]).toMatchObject({ status: 502 });
    client.destroy();
  });
});

describe('a WebSocket whose one side is slow', () => {
  const piece = Buffer.alloc(256 * 1024);
  const most = 64 * 1024 * 1024;

  it('is read from the model no faster than its client reads', async () => {
    await start();
    const sockets = acceptWebSockets(t.model);
    const client = t.open(handshake);
    await until(() => client.answers.length === 1);
    client.socket.removeAllListeners('data');
    client.socket.pause();
    let sent = 0;
    let isFull = false;
    while (sent < 2 * most && !isFull) {
      sent += piece.length;
      if (!sockets[0]!.send(piece)) {
        isFull = await Promise.race([
          once(sockets[0]!.stream, 'drain').then(() => false),
          sleep(500).then(() => true),
        ]);
      }
    }
    expect(sent).toBeLessThan(most);
    client.destroy();
  });

  it('is read from the client no faster than the model reads', async () => {
    await start();
    const sockets = acceptWebSockets(t.model);
    const client = t.open(handshake);
    await until(() => client.answers.length === 1);
    sockets[0]!.stream.pause();
    let sent = 0;
    let isFull = false;
    while (sent < 2 * most && !isFull) {
      sent += piece.length;
      if (!client.socket.write(piece)) {
        isFull = await Promise.race([
          once(client.socket, 'drain').then(() => false),
          sleep(500).then(() => true),
        ]);
      }
    }
    expect(sent).toBeLessThan(most);
    // Its end is behind what it has sent, and is seen once that is read.
    sockets[0]!.stream.resume();
    client.destroy();
  });
});
