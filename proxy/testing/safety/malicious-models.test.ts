/** Owns the proof that what a model answers reaches the caller who asked, as one answer, and nobody else. */
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startChain } from '../chain-fixture.ts';
import type { Chain } from '../chain-fixture.ts';
import { makePki } from '../pki-fixture.ts';
import type { Pki } from '../pki-fixture.ts';

let pki: Pki;
let t: Chain;
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());
beforeEach(async () => {
  t = await startChain(pki);
});
afterEach(() => t.stop());

const ok = 'HTTP/1.1 200 OK\r\n';
const evil = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil';

/** The model answers the first request with these bytes (latin1), and the others as usual. */
function answerOnce(bytes: string, then: (socket: Socket) => void = () => undefined): void {
  const { respond } = t.model;
  t.model.respond = (request) => {
    t.model.respond = respond;
    request.resume();
    request.socket.write(bytes, 'latin1', () => then(request.socket));
  };
}

/** What two callers hear one after the other. */
async function askTwice(): Promise<{ first: string; second: string }> {
  const one = t.open(['Connection: close']);
  await one.untilClosed();
  const other = t.open(['Connection: close']);
  await other.untilClosed();
  return { first: one.heard, second: other.heard };
}

describe('an answer that is none', () => {
  it.each<[what: string, bytes: string]>([
    ['no HTTP', 'BANANA\r\n\r\n'],
    ['another version', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['a status beyond all', 'HTTP/1.1 1000 OK\r\n\r\n'],
    ['a reason with a control character', 'HTTP/1.1 200 O\x01K\r\n\r\n'],
    ['a length and chunks', `${ok}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['two lengths', `${ok}Content-Length: 4\r\nContent-Length: 5\r\n\r\nbody`],
    ['two equal lengths in one', `${ok}Content-Length: 4, 4\r\n\r\nbody`],
    ['a signed length', `${ok}Content-Length: +4\r\n\r\nbody`],
    ['a coding that nobody knows', `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
    ['an obfuscated coding', `${ok}Transfer-Encoding: chunked\xa0\r\n\r\n0\r\n\r\n`],
    ['a folded header', `${ok}A: b\r\n c\r\nContent-Length: 0\r\n\r\n`],
    ['a blank before a colon', `${ok}Content-Length : 4\r\n\r\nbody`],
    ['a bare LF in a header', `${ok}A: b\nX-Evil: c\r\nContent-Length: 0\r\n\r\n`],
    ['a bare CR in a header', `${ok}A: b\rX-Evil: c\r\nContent-Length: 0\r\n\r\n`],
    ['NUL in a header', `${ok}A: b\0c\r\nContent-Length: 0\r\n\r\n`],
    ['a head without end', `${ok}A: ${'x'.repeat(70_000)}`],
    ['too many headers', `${ok}${'A: b\r\n'.repeat(201)}\r\n`],
    [
      'a protocol that nobody asked for',
      'HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    ],
    ['"wait" without end', 'HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(100)],
  ])('because it is %s: the caller hears 502, and the next one is served', async (_what, bytes) => {
    answerOnce(bytes);
    const { first, second } = await askTwice();
    expect(first).toMatch(/^(?:HTTP\/1\.1 103 Early Hints\r\n\r\n)*HTTP\/1\.1 502 /);
    expect(first).not.toMatch(/^X-Evil/im);
    expect(second).toMatch(/^HTTP\/1\.1 200 [^]*predictions/);
  });
});

describe('an answer with another one behind it', () => {
  it.each<[what: string, bytes: string]>([
    ['of a length that is too small', `${ok}Content-Length: 2\r\n\r\nok${evil}`],
    ['in chunks', `${ok}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n${evil}`],
    ['without a body', `HTTP/1.1 204 No Content\r\n\r\n${evil}`],
    ['not modified', `HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\n${evil}`],
  ])('%s is heard without it, and so is the next one', async (_what, bytes) => {
    answerOnce(bytes);
    const { first, second } = await askTwice();
    expect(first).toMatch(/^HTTP\/1\.1 (?:200|204|304) /);
    expect(first + second).not.toContain('evil');
    expect(second).toMatch(/^HTTP\/1\.1 200 [^]*predictions/);
  });

  it("that comes when nobody waits is nobody's", async () => {
    answerOnce(`${ok}Content-Length: 2\r\n\r\nok`, (socket) => {
      setTimeout(() => socket.write(evil), 30);
    });
    const one = t.open(['Connection: close']);
    await one.untilClosed();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const other = t.open(['Connection: close']);
    await other.untilClosed();
    expect(one.heard + other.heard).not.toContain('evil');
    expect(other.heard).toContain('predictions');
  });
});

describe('an answer with words that are not for the caller', () => {
  it('is heard without those of its hop and those of proxies', async () => {
    answerOnce(
      [
        'HTTP/1.1 200 OK',
        'Connection: keep-alive, X-Hop',
        'X-Hop: 1',
        'Keep-Alive: timeout=1',
        'Proxy-Authenticate: Basic',
        'Upgrade: h2c',
        'Trailer: X-Sum',
        'X-Fairlead-Cold-Start: 7',
        'X-Kept: 1',
        'Content-Length: 2',
        '',
        'ok',
      ].join('\r\n'),
    );
    const client = t.open();
    await client.untilAnswers(1);
    const names = Object.keys(client.answers[0]?.headers ?? {});
    expect(names).toContain('x-kept');
    expect(names.filter((name) => /^(?:x-hop|proxy-|upgrade|trailer|x-fairlead)/.test(name))).toEqual([]);
    client.destroy();
  });

  it('that is compressed is passed on as it is', async () => {
    const bomb = '\x1f\x8b\x08'.repeat(1_000);
    answerOnce(`${ok}Content-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n${bomb}`);
    const client = t.open();
    await client.untilAnswers(1);
    expect(client.answers[0]).toMatchObject({ body: bomb, headers: { 'content-encoding': 'gzip' } });
    client.destroy();
  });
});
