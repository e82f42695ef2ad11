/** Owns the proof that a caller who goes away is noticed wherever his request is, by events and by no timer. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startChain } from './chain-fixture.ts';
import type { Chain, ChainOptions } from './chain-fixture.ts';
import { until } from './http-client-fixture.ts';
import { makePki } from './pki-fixture.ts';
import type { Pki } from './pki-fixture.ts';

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

/** Requests at the model: how many came, and how many of those were taken away again. */
interface AtModel {
  came: number;
  gone: number;
}

/** The model answers as `answer` says, and tells of requests that end before it has answered. */
function watchModel(answer: (write: (text: string | Buffer) => boolean) => void): AtModel {
  const seen = { came: 0, gone: 0 };
  t.model.respond = (request, response) => {
    seen.came += 1;
    request.on('error', () => undefined);
    response.once('close', () => (seen.gone += 1));
    answer((text) => response.write(text));
  };
  return seen;
}

const gauge = async (registry: { metrics(): Promise<string> }, name: string): Promise<number> =>
  Number(new RegExp(`^${name}(?:\\{.*\\})? (\\d+)$`, 'm').exec(await registry.metrics())?.[1]);

async function untilGauge(
  registry: { metrics(): Promise<string> },
  name: string,
  value: number,
): Promise<void> {
  while ((await gauge(registry, name)) !== value) await sleep(5);
}

describe('a caller who goes away', () => {
  it('before the answer begins takes his request away from the model', async () => {
    await start();
    const seen = watchModel(() => undefined);
    const client = t.open();
    await until(() => seen.came === 1);
    client.destroy();
    await until(() => seen.gone === 1);
  });

  it('by a reset takes it away, too', async () => {
    await start();
    const seen = watchModel(() => undefined);
    const client = t.open();
    await until(() => seen.came === 1);
    client.socket.resetAndDestroy();
    await until(() => seen.gone === 1);
  });

  it('amid a stream ends it at the model', async () => {
    await start();
    const seen = watchModel((write) => write('data: 1\n\n'));
    const client = t.open();
    await until(() => client.heard.includes('data: 1'));
    client.destroy();
    await until(() => seen.gone === 1);
  });

  it('who had stopped reading long before ends it at the model', async () => {
    await start();
    const piece = Buffer.alloc(1024 * 1024);
    const seen = watchModel((write) => {
      for (let count = 0; count < 64; count += 1) write(piece);
    });
    const client = t.open();
    client.socket.pause();
    await until(() => seen.came === 1);
    // All of it does not fit between the two: everybody on the way has stopped reading by then.
    await sleep(500);
    client.destroy();
    await until(() => seen.gone === 1);
  });

  it('amid his request takes away what the model has of it', async () => {
    await start();
    const seen = watchModel(() => undefined);
    const client = t.open(['Transfer-Encoding: chunked']);
    await client.send('5\r\nhello\r\n');
    await until(() => seen.came === 1);
    client.destroy();
    await until(() => seen.gone === 1);
  });

  it.each([
    ['a small request', '{}', undefined],
    ['a request in chunks', '', 'Transfer-Encoding: chunked'],
  ])('with %s in the queue gives up his place', async (_name, body, header) => {
    await start({ sidecar: ({ concurrency }) => ({ concurrency: { ...concurrency, limit: 1 } }) });
    const seen = watchModel(() => undefined);
    const first = t.open();
    await until(() => seen.came === 1);
    const second = t.open(header === undefined ? [] : [header], body);
    if (header !== undefined) await second.send('5\r\nhello\r\n0\r\n\r\n');
    await untilGauge(t.pod.registry, 'fairlead_proxy_queued', 1);
    second.destroy();
    await untilGauge(t.pod.registry, 'fairlead_proxy_queued', 0);
    first.destroy();
    await until(() => seen.gone === 1);
    expect(seen.came).toBe(1);
  });

  it.each([
    ['a small request', '{}', undefined],
    ['a request in chunks', '', 'Transfer-Encoding: chunked'],
  ])('with %s that is held is held no more', async (_name, body, header) => {
    await start();
    const seen = watchModel(() => undefined);
    t.gateway.cluster.setPods('team-a', 'wine-0123456789', []);
    await t.gateway.caughtUp();
    const client = t.open(header === undefined ? [] : [header], body);
    if (header !== undefined) await client.send('5\r\nhello\r\n0\r\n\r\n');
    await untilGauge(t.gateway.registry, 'fairlead_gateway_held_requests', 1);
    client.destroy();
    await untilGauge(t.gateway.registry, 'fairlead_gateway_held_requests', 0);
    expect(seen.came).toBe(0);
  });

  it('while his token is checked is not sent on', async () => {
    await start({ gateway: { authenticationTtlMs: 0 } });
    const seen = watchModel(() => undefined);
    const client = t.open();
    client.destroy();
    await sleep(200);
    expect(seen.came).toBe(0);
  });
});
