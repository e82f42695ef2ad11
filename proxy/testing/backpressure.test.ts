/** Owns the proof that nobody's slowness fills a proxy's memory: each side is read no faster than the other one takes. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { patiently, startChain } from './chain-fixture.ts';
import type { Chain } from './chain-fixture.ts';
import { until } from './http-client-fixture.ts';
import { bufferedBytes } from './memory-fixture.ts';
import { makePki } from './pki-fixture.ts';
import type { Pki } from './pki-fixture.ts';

let pki: Pki;
let t: Chain;
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());
beforeEach(async () => {
  t = await startChain(pki, {
    gateway: { maxBodyBytes: 1024 * 1024 * 1024 },
    sidecar: (config) => ({ ...patiently(config), maxBodyBytes: 1024 * 1024 * 1024 }),
  });
});
afterEach(() => t.stop());

const megabyte = 1024 * 1024;
const total = 96 * megabyte;
/** The kernel's buffers of six sockets on loopback, each of which may grow to several megabytes. */
const inKernels = 48 * megabyte;
const piece = Buffer.alloc(256 * 1024, 'x');

/** Waits until `count` no longer grows, and returns it. */
async function settled(count: () => number): Promise<number> {
  let before = -1;
  while (count() !== before) {
    before = count();
    await sleep(300);
  }
  return before;
}

describe('an answer that nobody reads', () => {
  it('stops at the model, and the proxies hold next to nothing of it', { timeout: 60_000 }, async () => {
    let written = 0;
    let reads = 0;
    t.model.respond = (request, response) => {
      request.resume();
      const pump = (): void => {
        while (written < total) {
          written += piece.length;
          if (!response.write(piece)) return void response.once('drain', pump);
        }
        response.end();
      };
      pump();
    };
    const before = await bufferedBytes();
    const client = t.open();
    client.socket.removeAllListeners('data');
    client.socket.pause();
    const stuckAt = await settled(() => written);
    expect(stuckAt).toBeLessThan(inKernels);
    expect((await bufferedBytes()) - before).toBeLessThan(4 * megabyte);
    client.socket.on('data', (bytes: Buffer) => (reads += bytes.length));
    client.socket.resume();
    await until(() => reads > total);
    client.destroy();
  });
});

describe('a request that the model does not read', () => {
  it('stops at the caller, and the proxies hold next to nothing of it', { timeout: 60_000 }, async () => {
    let read = 0;
    let goOn: () => void = () => undefined;
    t.model.respond = (request, response) => {
      goOn = () => {
        request.on('data', (bytes: Buffer) => (read += bytes.length));
        request.on('end', () => response.end('done'));
      };
    };
    const before = await bufferedBytes();
    const client = t.open([`Content-Length: ${total}`]);
    let taken = 0;
    const pump = async (): Promise<void> => {
      while (taken < total) {
        taken += piece.length;
        if (!client.socket.write(piece)) await once(client.socket, 'drain');
      }
    };
    const pumping = pump();
    const stuckAt = await settled(() => taken);
    expect(stuckAt).toBeLessThan(inKernels);
    // What the client itself has in its own buffer, beside what the proxies hold.
    expect((await bufferedBytes()) - before).toBeLessThan(4 * megabyte + client.socket.writableLength);
    goOn();
    await pumping;
    await client.untilAnswers(1);
    expect(read).toBe(total);
    expect(client.answers[0]).toMatchObject({ status: 200, body: 'done' });
    client.destroy();
  });
});
