/** Owns the proof that each phase of a request has its own deadline, and what callers hear when it has passed. */
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startChain } from './chain-fixture.ts';
import type { Chain, ChainOptions } from './chain-fixture.ts';
import { startDeafServer } from './deaf-server-fixture.ts';
import { gatewayConfigSchema } from '../gateway/config.ts';
import { makePki } from './pki-fixture.ts';
import type { Pki } from './pki-fixture.ts';
import type { RawAnswer } from './raw-client-fixture.ts';

let pki: Pki;
let t: Chain;
const cleanUps: (() => unknown)[] = [];
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());
afterEach(async () => {
  await t.stop();
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

const start = async (options?: ChainOptions): Promise<void> => {
  t = await startChain(pki, options);
};

/** Asks once, and ends the connection. */
async function ask(headers: readonly string[] = []): Promise<RawAnswer | undefined> {
  const client = t.open(headers);
  await client.untilAnswers(1);
  client.destroy();
  return client.answers[0];
}

describe('the deadline', () => {
  it('for connecting to a model that neither takes nor refuses: 503, for nothing was sent', async () => {
    const deaf = await startDeafServer();
    cleanUps.push(() => deaf.stop());
    await start({
      sidecar: ({ timeouts, modelServer }) => ({
        timeouts: { ...timeouts, connectMs: 200 },
        modelServer: { ...modelServer, port: deaf.port },
      }),
      gateway: { totalTimeoutMs: 1_500 },
    });
    const answer = await t.pod.send();
    expect(answer.status).toBe(503);
    expect(answer.headers['x-fairlead-request-dropped-reason']).toBe('unreachable');
    expect(await ask()).toMatchObject({ status: 503 });
  });

  it('for connecting to a pod that never shakes hands: another pod is asked', async () => {
    await start({ gateway: { connectTimeoutMs: 200 } });
    const { port } = t.pod.sidecar.data;
    const other = createServer().listen(port, '127.0.0.2');
    const waiting = new Set<{ destroy(): void }>();
    other.on('connection', (socket) => waiting.add(socket.on('error', () => undefined)));
    cleanUps.push(() => {
      for (const socket of waiting) socket.destroy();
      other.close();
    });
    t.gateway.cluster.setPods('team-a', 'wine-0123456789', [
      { host: '127.0.0.2', port, ready: true },
      { host: '127.0.0.1', port, ready: true },
    ]);
    await t.gateway.caughtUp();
    // Which of the two is asked first is left to chance.
    while (waiting.size === 0) expect(await ask()).toMatchObject({ status: 200 });
  });

  it.each<[who: string, options: ChainOptions]>([
    ['the sidecar', { sidecar: ({ timeouts }) => ({ timeouts: { ...timeouts, firstByteMs: 200 } }) }],
    ['the gateway', { gateway: { firstByteTimeoutMs: 200 } }],
  ])('for the first byte of an answer, at %s: 504', async (_who, options) => {
    await start(options);
    t.model.respond = (request) => void request.resume();
    expect(await ask()).toMatchObject({
      status: 504,
      body: expect.stringContaining('DEADLINE_EXCEEDED') as string,
    });
  });

  it.each<[who: string, options: ChainOptions]>([
    ['the sidecar', { sidecar: ({ timeouts }) => ({ timeouts: { ...timeouts, idleMs: 200 } }) }],
    ['the gateway', { gateway: { idleTimeoutMs: 200 } }],
  ])('between two bytes of an answer, at %s: it is cut', async (_who, options) => {
    await start(options);
    t.model.respond = (_request, response) => void response.writeHead(200).write('some');
    expect(await ask()).toBeUndefined();
  });

  it('between two bytes rests while the caller does not read', async () => {
    await start({
      gateway: { idleTimeoutMs: 300 },
      sidecar: ({ timeouts }) => ({ timeouts: { ...timeouts, idleMs: 300 } }),
    });
    const body = Buffer.alloc(48 * 1024 * 1024);
    t.model.respond = (_request, response) =>
      void response.writeHead(200, { 'content-length': body.length }).end(body);
    const client = t.open();
    client.socket.removeAllListeners('data');
    client.socket.pause();
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    let read = 0;
    client.socket.on('data', (bytes: Buffer) => (read += bytes.length)).resume();
    while (read < body.length && !client.closed) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(read).toBeGreaterThanOrEqual(body.length);
    client.destroy();
  });

  it.each<[who: string, options: ChainOptions]>([
    ['the sidecar', { sidecar: ({ timeouts }) => ({ timeouts: { ...timeouts, totalMs: 300 } }) }],
    ['the gateway', { gateway: { totalTimeoutMs: 300 } }],
  ])('for a request in all, at %s: 504', async (_who, options) => {
    await start(options);
    t.model.respond = (request) => void request.resume();
    expect(await ask()).toMatchObject({ status: 504 });
  });

  it('for a request in all is 297 seconds, where nothing else is said', () => {
    expect(gatewayConfigSchema.parse({}).totalTimeoutMs).toBe(297_000);
  });
});
