/** Owns the proof that callers who are slow, silent or never read cost a proxy a bounded time and bounded memory. */
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../http-client-fixture.ts';
import { makePki } from '../pki-fixture.ts';
import type { Pki } from '../pki-fixture.ts';
import { RawClient } from '../raw-client-fixture.ts';
import { startUnderAttack } from './proxy-under-attack.ts';
import type { ProxyUnderAttack } from './proxy-under-attack.ts';
import { chunked, head, post } from './safety-case.ts';
import type { Wording } from './safety-case.ts';

const limits = {
  handshakeMs: 300,
  headMs: 300,
  bodyIdleMs: 300,
  idleMs: 600,
  lingerMs: 600,
} as const;
const totalMs = 1_500;

let pki: Pki;
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());

/** Sends `text` a byte at a time until the other side has had enough. */
async function trickle(client: RawClient, text: string, everyMs: number): Promise<void> {
  for (const byte of text) {
    if (client.closed || client.answers.length > 0) return;
    await client.send(byte);
    await sleep(everyMs);
  }
}

const slow: readonly (readonly [string, (to: Wording) => string])[] = [
  ['a head that stops in its first line', () => 'POST /'],
  ['a head that stops in a header', (to) => head(to).slice(0, -6)],
  ['a head that stops before its last line end', (to) => head(to).slice(0, -1)],
  ['a body that stops', (to) => `${head(to, ['Content-Length: 10'])}half`],
  ['a body that does not begin', (to) => head(to, ['Content-Length: 10'])],
  ['a large body that stops', (to) => `${head(to, ['Content-Length: 90000'])}${'x'.repeat(80_000)}`],
  ['a chunk size that stops', (to) => chunked(to, '1')],
  ['a chunk that stops', (to) => chunked(to, '5\r\nhal')],
  ['chunks that stop before the last one', (to) => chunked(to, '4\r\nhalf\r\n')],
  ['trailers that stop', (to) => chunked(to, '4\r\nhalf\r\n0\r\nX-Sum: ')],
];

describe.each(['gateway', 'sidecar'] as const)('the %s', (name) => {
  let t: ProxyUnderAttack;
  beforeEach(async () => {
    t = await startUnderAttack[name](pki, limits, totalMs);
  });
  afterEach(() => t.stop());

  it.each(slow)('answers %s with 408 and is done with it', async (_name, textOf) => {
    const client = new RawClient(t.target);
    await client.send(textOf(t.wording));
    await client.untilClosed();
    expect(client.answers.map(({ status }) => status)).toEqual([408]);
    expect(t.model.seen).toEqual([]);
  });

  it('answers a head that trickles with 408, for its time is that of the whole head', async () => {
    const client = new RawClient(t.target);
    await trickle(client, head(t.wording, [`A: ${'x'.repeat(400)}`]), 20);
    await client.untilClosed();
    expect(client.answers.map(({ status }) => status)).toEqual([408]);
  });

  it('answers a body that trickles with 504, for a request has its time in all', async () => {
    const client = new RawClient(t.target);
    await client.send(head(t.wording, ['Content-Length: 1000']));
    await trickle(client, 'x'.repeat(1_000), 50);
    await client.untilClosed();
    expect(client.answers.map(({ status }) => status)).toEqual([504]);
    expect(t.model.seen).toEqual([]);
  });

  it('ends connections on which nothing comes, and says nothing', async () => {
    const silent = new RawClient(t.target);
    await silent.untilClosed();
    expect(silent.heard).toBe('');
  });

  it('ends connections on which nothing more comes', async () => {
    const client = new RawClient(t.target);
    await client.send(post(t.wording));
    await client.untilClosed();
    expect(client.answers.map(({ status }) => status)).toEqual([200]);
    expect(client.rest).toBe('');
  });

  it('reads on for a moment after a refusal, and not for ever', async () => {
    const client = new RawClient(t.target);
    await client.send('GARBAGE\r\n\r\n');
    await client.untilAnswers(1);
    while (!client.closed) {
      await client.send('x'.repeat(1_000));
      await sleep(20);
    }
    expect(client.answers.map(({ status }) => status)).toEqual([400]);
  });

  it('asks the model no more for a caller who reads no answers', async () => {
    const count = 400;
    let asked = 0;
    t.model.respond = (request, response) => {
      asked += 1;
      request.resume();
      response.writeHead(200, { 'content-length': 64 * 1024 }).end(Buffer.alloc(64 * 1024));
    };
    const client = new RawClient(t.target);
    client.socket.pause();
    for (let sent = 0; sent < count; sent += 1) void client.send(post(t.wording));
    let before = -1;
    while (asked !== before) {
      before = asked;
      await sleep(200);
    }
    expect(asked).toBeLessThan(count);
    client.socket.resume();
    await until(() => client.answers.length >= asked);
    expect(new Set(client.answers.map(({ status }) => status))).toEqual(new Set([200]));
    client.destroy();
  });
});

describe('the sidecar', () => {
  it('ends connections that never finish their handshake', async () => {
    const t = await startUnderAttack.sidecar(pki, limits);
    const socket = connect(t.target.address.port, t.target.address.host);
    let closed = false;
    socket
      .on('error', () => undefined)
      .on('close', () => (closed = true))
      .resume();
    socket.write('\x16\x03\x01');
    await until(() => closed);
    await t.stop();
  });
});

describe.each(['gateway', 'sidecar'] as const)('the %s with its usual limits', (name) => {
  it('sends no body in answer to HEAD, for it would be taken for the next answer', async () => {
    const t = await startUnderAttack[name](pki);
    const client = new RawClient(t.target);
    await client.send(head(t.wording, [], `HEAD ${t.wording.path} HTTP/1.1`) + post(t.wording));
    await until(() => client.heard.includes('predictions'));
    const [first = '', second = ''] = client.heard.split('\r\n\r\n');
    expect(first).toMatch(/^HTTP\/1.1 405 /);
    expect(second).toMatch(/^HTTP\/1.1 200 /);
    client.destroy();
    await t.stop();
  });
});
