/** Owns the proof that a proxy that ends lets go of everybody in his own way: after his answer, in time, and in words. */
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'undici';
import type { CloseEvent } from 'undici';
import { winePath } from '../gateway/gateway-fixture.ts';
import { deployment, startChain } from './chain-fixture.ts';
import type { Chain, ChainOptions } from './chain-fixture.ts';
import { send, until } from './http-client-fixture.ts';
import { startModelServer } from './model-server-fixture.ts';
import { makePki } from './pki-fixture.ts';
import type { Pki } from './pki-fixture.ts';
import { acceptWebSockets } from './websocket-fixture.ts';

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

async function connect(): Promise<{ closed: Promise<CloseEvent> }> {
  const { host, port } = t.gateway.gateway.address;
  const headers = { authorization: 'Bearer alice-token' };
  const socket = new WebSocket(`ws://${host}:${port}${winePath}`, { headers });
  const closed = new Promise<CloseEvent>((resolve) => socket.addEventListener('close', resolve));
  await new Promise((resolve) => socket.addEventListener('open', resolve));
  return { closed };
}

describe('a gateway that drains', () => {
  it('serves on, and each answer ends its connection', async () => {
    await start({ gateway: { drainMs: 600 } });
    const agent = new Agent({ keepAlive: true });
    expect((await send(t.gateway.call({ agent }))).headers.connection).not.toBe('close');
    const draining = t.gateway.gateway.drain();
    expect((await send(t.gateway.call({ agent }))).headers.connection).toBe('close');
    expect((await send(t.gateway.call({ agent }))).headers.connection).toBe('close');
    await draining;
    agent.destroy();
  });

  it('leaves connections that nobody uses alone until it stops, and ends them then', async () => {
    await start();
    const client = t.open();
    await client.untilAnswers(1);
    await t.gateway.gateway.drain();
    expect(client.closed).toBe(false);
    await t.gateway.gateway.stop();
    await client.untilClosed();
    expect(client.rest).toBe('');
  });

  it('closes WebSockets after a while, whatever else still goes on, and says so in their words', async () => {
    await start({ gateway: { shutdownGraceMs: 10_000 }, limits: { tunnelDrainMs: 500 } });
    acceptWebSockets(t.model);
    const { closed } = await connect();
    await t.gateway.gateway.drain();
    const stopped = t.gateway.gateway.stop();
    expect(await closed).toMatchObject({ code: 1001, wasClean: true });
    await stopped;
  });

  it('lets streams run to their end', async () => {
    await start({ gateway: { shutdownGraceMs: 10_000 } });
    let end: () => void = () => undefined;
    t.model.respond = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
      end = () => response.end('data: [DONE]\n\n');
    };
    const client = t.open();
    await until(() => client.heard.includes('data: 1'));
    await t.gateway.gateway.drain();
    const stopped = t.gateway.gateway.stop();
    await sleep(300);
    end();
    await client.untilClosed();
    expect(client.answers[0]?.body).toBe('data: 1\n\ndata: [DONE]\n\n');
    await stopped;
  });

  it('cuts streams that take too long, and says so', async () => {
    await start({ gateway: { shutdownGraceMs: 300 } });
    t.model.respond = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    };
    const client = t.open();
    await until(() => client.heard.includes('data: 1'));
    await t.gateway.gateway.stop();
    await client.untilClosed();
    expect(client.answers).toEqual([]);
    expect(client.heard).toMatch(
      /data: \{"error":\{.*"type":"shutting_down".*"code":"TEMPORARILY_UNAVAILABLE","status":503\}\}\n\n\r\n$/,
    );
  });

  it('answers who has no answer yet when it takes too long', async () => {
    await start({ gateway: { shutdownGraceMs: 300 } });
    let came = false;
    t.model.respond = (request) => {
      came = true;
      request.on('error', () => undefined);
    };
    const atModel = t.open();
    await until(() => came);
    t.gateway.cluster.setPods('team-a', deployment, []);
    await t.gateway.caughtUp();
    const held = t.open();
    await sleep(100);
    await t.gateway.gateway.stop();
    for (const client of [atModel, held]) {
      await client.untilClosed();
      expect(client.answers[0]).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
      expect(client.answers[0]?.headers['x-fairlead-request-dropped-reason']).toBe('shutting_down');
    }
  });
});

describe('a sidecar that drains', () => {
  it('ends each connection with its answer from the beginning, for there are other pods', async () => {
    await start({ sidecar: () => ({ drain: { quietMs: 500, maxMs: 5_000 } }) });
    expect((await t.pod.send()).headers.connection).not.toBe('close');
    const draining = t.pod.sidecar.drain();
    expect((await t.pod.send()).headers.connection).toBe('close');
    await draining;
  });

  it('closes WebSockets after a while, so that it comes to rest before its time is over', async () => {
    await start({
      sidecar: () => ({ drain: { quietMs: 0, maxMs: 20_000 } }),
      podLimits: { tunnelDrainMs: 400 },
    });
    acceptWebSockets(t.model);
    const { closed } = await connect();
    const draining = t.pod.sidecar.drain();
    expect(await closed).toMatchObject({ code: 1001, wasClean: true });
    await draining;
  });

  it('cuts streams that take too long, and says so once', async () => {
    await start({ sidecar: () => ({ drain: { quietMs: 0, maxMs: 300 } }), closeGraceMs: 300 });
    t.model.respond = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write('data: 1\n\n');
    };
    const client = t.open();
    await until(() => client.heard.includes('data: 1'));
    await t.pod.sidecar.drain();
    await t.pod.sidecar.stop();
    await client.untilClosed();
    expect(client.heard.match(/"error":/g)).toHaveLength(1);
    expect(client.heard).toContain('"type":"shutting_down"');
    expect(client.answers).toEqual([]);
  });

  it('goes on as before when it was a false alarm', async () => {
    await start({ sidecar: () => ({ drain: { quietMs: 0, maxMs: 200 } }) });
    await t.pod.ready();
    await send({ to: t.pod.sidecar.admin, path: '/wait-for-drain', method: 'GET' });
    expect((await t.pod.send()).headers.connection).toBe('close');
    const { host, port } = t.model;
    await t.model.stop();
    await sleep(1_500);
    const restarted = await startModelServer(host, port);
    await t.pod.ready();
    expect((await t.pod.send()).headers.connection).not.toBe('close');
    await restarted.stop();
  });
});
