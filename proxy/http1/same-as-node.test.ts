/**
 * Owns the proof that bytes which we take for requests are the same requests for node's strict parser, so that no hop behind
 * us finds others in them. Where the two differ on purpose is listed in `differences`.
 */
import { METHODS } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readNodes, readOurs } from '../testing/http1-readers-fixture.ts';
import type { ReadRequest } from '../testing/http1-readers-fixture.ts';

const unknownMethod = new RegExp(`(?:^|\\n|[^A-Z])(?!(?:${METHODS.join('|')}) )[A-Za-z]+ [^ ]+ HTTP/1`);

/** What we accept and node refuses, and why that leads nobody astray. Everything else that we accept, node reads alike. */
const differences: readonly (readonly [why: string, pattern: RegExp])[] = [
  ['any token is a method for us, and is answered 405; node knows a list', unknownMethod],
  [
    'extensions of a chunk are skipped by us up to their line end; node parses them',
    /[0-9a-f][ \t]*;[^\r\n]*\r\n/i,
  ],
];

const line = fc
  .tuple(
    fc.constantFrom('POST', 'GET', 'PUT', 'HEAD', 'OPTIONS', 'G', 'post', 'XPOST'),
    fc.constantFrom(
      '/',
      '/a/b?c=d',
      '/a"b',
      '/%00',
      '/a\\b',
      'http://h/x',
      'http://h',
      '*',
      '//x',
      '/a#b',
      '/\xe9',
      '/ ',
    ),
    fc.constantFrom(
      'HTTP/1.1',
      'HTTP/1.1',
      'HTTP/1.1',
      'HTTP/1.0',
      'HTTP/1.2',
      'HTTP/2.0',
      'http/1.1',
      'HTTP/1.1 ',
    ),
  )
  .map((parts) => parts.join(' '));
const field = fc.oneof(
  fc.constantFrom(
    'Host: a',
    'Host: a:80',
    'host:b',
    'Content-Length: 0',
    'Content-Length: 3',
    'Content-Length: 03',
    'Content-Length: 3 ',
    'Content-Length: +3',
    'Content-Length: 3, 3',
    'Content-Length : 3',
    'Content-Length:\t3',
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: CHUNKED ',
    'Transfer-Encoding: chunked, chunked',
    'Transfer-Encoding: gzip, chunked',
    'Transfer-Encoding: identity',
    'Transfer-Encoding: chunked\xa0',
    'Transfer-Encoding:\x0bchunked',
    'Transfer_Encoding: chunked',
    'Connection: close',
    'Connection: keep-alive, X',
    'Connection: close\xa0',
    'Upgrade: h2c',
    'Expect: 100-continue',
    'X: \xe9',
    'X:',
    'X: a\0b',
    'X: a\x7fb',
    ' X: folded',
    'X : blank',
    ': none',
    'none',
  ),
  fc.string({ unit: 'binary-ascii', maxLength: 10 }).map((text) => `X-Any: ${text}`),
);
const lineEnd = fc.constantFrom('\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r', '\r\r\n');
const body = fc.constantFrom(
  '',
  'abc',
  'abcd',
  '3\r\nabc\r\n0\r\n\r\n',
  '0\r\n\r\n',
  '0\r\nX: y\r\n\r\n',
  '3;x=y\r\nabc\r\n0\r\n\r\n',
  '3;x\r\nabc\r\n0;y\r\n\r\n',
  '3; =(\xe9"\r\nabc\r\n0\r\n\r\n',
  '03\r\nabc\r\n00\r\n\r\n',
  '3 \r\nabc\r\n0\r\n\r\n',
  '3\nabc\r\n0\r\n\r\n',
  '3\r\nabcd\r\n0\r\n\r\n',
  '3\r\nabc0\r\n\r\n',
  '0x3\r\nabc\r\n0\r\n\r\n',
  '-3\r\nabc\r\n0\r\n\r\n',
  '0\r\nTransfer-Encoding: chunked\r\n\r\n',
);
const request = fc
  .tuple(line, lineEnd, fc.array(fc.tuple(field, lineEnd), { maxLength: 4 }), lineEnd, body)
  .map(([first, end, fields, last, rest]) => {
    const head = fields.map((parts) => parts.join('')).join('');
    return `${first}${end}Host: x\r\n${head}${last}${rest}`;
  });
/** Well-formed ones among them, so that what follows a body is reached at all. */
const goodRequest = fc
  .tuple(
    fc.constantFrom('POST /x HTTP/1.1', 'GET /y?z HTTP/1.1', 'POST http://h/x HTTP/1.1'),
    fc.array(fc.constantFrom('A: b\r\n', 'X: \xe9\r\n', 'Connection: X\r\n', 'B:\r\n'), { maxLength: 3 }),
    fc.constantFrom(
      '\r\n',
      'Content-Length: 0\r\n\r\n',
      'Content-Length: 3\r\n\r\nabc',
      'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
      'Transfer-Encoding: chunked\r\n\r\n3; x y\r\nabc\r\n0\r\n\r\n',
      'transfer-encoding:\tChunked\r\n\r\n03\r\nabc\r\n0\r\nX: y\r\n\r\n',
    ),
  )
  .map(([first, fields, rest]) => `${first}\r\nHost: x\r\n${fields.join('')}${rest}`);
const text = fc
  .array(fc.oneof(goodRequest, request, fc.constantFrom('\r\n', 'G', '\n')), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join(''));

const countOf = (answers: string): number => answers.match(/HTTP\/1\.1 [0-9]{3} /g)?.length ?? 0;

/** What we make of the target that node tells as it was sent: the URL's path, for it is to us that the URL was sent. */
const pathOf = (target: string): string =>
  target.replace(/^https?:\/\/[^/?]*/i, '').replace(/^(?=\?|$)/, '/');
const told = ({ method, target, headers, body: bytes }: ReadRequest): unknown => [
  method,
  pathOf(target),
  headers,
  bytes,
];

describe('requests that we accept', () => {
  it('are the same ones for node', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(text, async (bytes) => {
        const [ours, nodes] = await Promise.all([readOurs([bytes]), readNodes([bytes])]);
        const both = Math.min(ours.requests.length, nodes.requests.length);
        compared += both;
        expect(ours.requests.slice(0, both).map(told)).toEqual(nodes.requests.slice(0, both).map(told));
        if (ours.requests.length <= nodes.requests.length) return;
        expect(differences.filter(([, pattern]) => pattern.test(bytes))).not.toEqual([]);
      }),
      { numRuns: 1_500 },
    );
    expect(compared).toBeGreaterThan(100);
  }, 60_000);

  it('are the same ones however the bytes are cut, and are answered alike', async () => {
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        async (bytes, sizes) => {
          const pieces: string[] = [];
          for (let at = 0; at < bytes.length; at += pieces.at(-1)?.length ?? 1) {
            pieces.push(bytes.slice(at, at + (sizes[pieces.length % sizes.length] ?? 1)));
          }
          const [cut, whole] = [await readOurs(pieces), await readOurs([bytes])];
          expect(cut.requests).toEqual(whole.requests);
          // What is said to be wrong may be what was seen first; that something is, may not.
          expect(cut.refused).toBe(whole.refused);
          expect(countOf(cut.answers)).toBe(countOf(whole.answers));
        },
      ),
      { numRuns: 500 },
    );
  }, 60_000);
});
