import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Refusal } from '../errors.ts';
import { parseRequestHead } from './request-head.ts';
import type { RequestHead } from './request-head.ts';

/** Parses `text` as it would stand in the middle of a connection's bytes. */
function parse(text: string): RequestHead | Refusal {
  const before = 'xyz';
  const bytes = Buffer.from(`${before}${text}\r\n\r\nrest`, 'latin1');
  return parseRequestHead(bytes, before.length, before.length + text.length);
}
const accept = (text: string): RequestHead => {
  const head = parse(text);
  if ('errorCode' in head) throw new Error(head.message);
  return head;
};
const statusOf = (text: string): number => {
  const head = parse(text);
  return 'errorCode' in head ? head.status : 200;
};
const post = (...headers: string[]): string =>
  ['POST /a/b?c=d HTTP/1.1', 'Host: example.org:8080', ...headers].join('\r\n');

describe('a request head', () => {
  it('is read whole: line, headers as sent, and what matters to this hop', () => {
    expect(
      accept(
        post(
          'Content-Length: 12',
          'Connection: Keep-Alive, X-Hop',
          'X-Empty:',
          'Authorization: Bearer t',
          'X-Request-Id: r-1',
          'Expect: 100-Continue',
          'Upgrade: WebSocket',
        ),
      ),
    ).toEqual({
      method: 'POST',
      target: '/a/b?c=d',
      minorVersion: 1,
      headers: [
        'Host',
        'example.org:8080',
        'Content-Length',
        '12',
        'Connection',
        'Keep-Alive, X-Hop',
        'X-Empty',
        '',
        'Authorization',
        'Bearer t',
        'X-Request-Id',
        'r-1',
        'Expect',
        '100-Continue',
        'Upgrade',
        'WebSocket',
      ],
      host: 'example.org:8080',
      contentLength: 12,
      keepAlive: true,
      nominated: ['x-hop'],
      expectsContinue: true,
      upgrade: 'websocket',
      authorization: 'Bearer t',
      requestId: 'r-1',
    });
  });

  it.each<[name: string, text: string, expected: Partial<RequestHead>]>([
    ['without a body', post(), { contentLength: 0 }],
    ['with a body in chunks', post('transfer-encoding: Chunked'), { contentLength: undefined }],
    ['that ends its connection', post('connection: close'), { keepAlive: false }],
    [
      'of HTTP/1.0, which ends its connection',
      'GET / HTTP/1.0',
      { keepAlive: false, minorVersion: 0, host: '' },
    ],
    ['of HTTP/1.0 that stays', 'GET / HTTP/1.0\r\nConnection: keep-alive', { keepAlive: true }],
    [
      'of HTTP/1.0 whose expectation is not heeded',
      'GET / HTTP/1.0\r\nExpect: 100-continue',
      { expectsContinue: false },
    ],
    [
      'with blanks around a value',
      post('a:  \t x y \t'),
      { headers: ['Host', 'example.org:8080', 'a', 'x y'] },
    ],
    [
      'with bytes beyond ASCII in a value',
      post('a: \xe9'),
      { headers: ['Host', 'example.org:8080', 'a', '\xe9'] },
    ],
    [
      'for a URL, whose host counts',
      'POST http://other.org/x?y HTTP/1.1\r\nHost: a',
      { target: '/x?y', host: 'other.org' },
    ],
    [
      'for a URL without a path',
      'POST https://other.org HTTP/1.1\r\nHost: a',
      { target: '/', host: 'other.org' },
    ],
    ['with the first of two request ids', post('x-request-id: 1', 'x-request-id: 2'), { requestId: '1' }],
  ])('%s is understood', (_name, text, expected) => {
    expect(accept(text)).toMatchObject(expected);
  });

  it.each<[name: string, text: string, status: number]>([
    ['that is empty', '', 400],
    ['that is not HTTP', 'HELLO', 400],
    ['with two blanks in its line', 'POST  / HTTP/1.1\r\nHost: a', 400],
    ['with a tab in its line', 'POST\t/\tHTTP/1.1\r\nHost: a', 400],
    ['with a blank at the end of its line', 'POST / HTTP/1.1 \r\nHost: a', 400],
    ['without a version', 'POST /\r\nHost: a', 400],
    ['of HTTP/0.9', 'POST / HTTP/0.9\r\nHost: a', 505],
    ['of HTTP/2.0', 'POST / HTTP/2.0\r\nHost: a', 505],
    ['of HTTP/1.2', 'POST / HTTP/1.2\r\nHost: a', 505],
    ['with a lower-case protocol', 'POST / http/1.1\r\nHost: a', 400],
    ['whose method is no token', 'PO(ST / HTTP/1.1\r\nHost: a', 400],
    ['whose method is endless', `${'A'.repeat(33)} / HTTP/1.1\r\nHost: a`, 400],
    ['for an asterisk', 'POST * HTTP/1.1\r\nHost: a', 400],
    ['for an authority', 'CONNECT a:443 HTTP/1.1\r\nHost: a', 400],
    ['for a URL of another scheme', 'POST ftp://a/ HTTP/1.1\r\nHost: a', 400],
    ['for a URL with a user', 'POST http://u@a/ HTTP/1.1\r\nHost: a', 400],
    ['with a fragment', 'POST /#x HTTP/1.1\r\nHost: a', 400],
    ['with a byte beyond ASCII in its target', 'POST /\xe9 HTTP/1.1\r\nHost: a', 400],
    ['with a control character in its target', 'POST /\x01 HTTP/1.1\r\nHost: a', 400],
    ['with a target beyond the bound', `POST /${'a'.repeat(8 * 1024)} HTTP/1.1\r\nHost: a`, 414],
    ['without Host', 'POST / HTTP/1.1\r\nA: b', 400],
    ['with two Hosts', post('host: b'), 400],
    ['with a Host that is none', 'POST / HTTP/1.1\r\nHost: a/b', 400],
    ['with a Host with a user', 'POST / HTTP/1.1\r\nHost: u@a', 400],
    ['with a folded header', post('A: b', ' c'), 400],
    ['with a folded header (tab)', post('A: b', '\tc'), 400],
    ['with a blank before the first header', 'POST / HTTP/1.1\r\n Host: a', 400],
    ['with a blank before the colon', post('A : b'), 400],
    ['with a tab before the colon', post('A\t: b'), 400],
    ['with a header without a name', post(': b'), 400],
    ['with a header without a colon', post('Abc'), 400],
    ['with a name that is no token', post('A@b: c'), 400],
    ['with a name beyond ASCII', post('\xe9: c'), 400],
    ['with NUL in a value', post('A: b\0c'), 400],
    ['with DEL in a value', post('A: b\x7fc'), 400],
    ['with a bare CR in a value', post('A: b\rc'), 400],
    ['with a bare LF in a value', post('A: b\nc: d'), 400],
    ['with a bare LF after its line', 'POST / HTTP/1.1\nHost: a', 400],
    ['with a bare CR after its line', 'POST / HTTP/1.1\rHost: a', 400],
    ['with CR CR LF', post('A: b\r'), 400],
    ['with a length and chunks', post('Content-Length: 4', 'Transfer-Encoding: chunked'), 400],
    ['with chunks and a length', post('Transfer-Encoding: chunked', 'Content-Length: 4'), 400],
    ['with two equal lengths', post('Content-Length: 4', 'Content-Length: 4'), 400],
    ['with two lengths', post('Content-Length: 4', 'content-length: 5'), 400],
    ['with two lengths in one', post('Content-Length: 4, 4'), 400],
    ['with a signed length', post('Content-Length: +4'), 400],
    ['with a negative length', post('Content-Length: -4'), 400],
    ['with a hexadecimal length', post('Content-Length: 0x4'), 400],
    ['with a length with a fraction', post('Content-Length: 4.0'), 400],
    ['with an empty length', post('Content-Length:'), 400],
    ['with a length beyond all measure', post('Content-Length: 9999999999999999'), 400],
    ['with two transfer codings', post('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'), 400],
    ['with chunks twice', post('Transfer-Encoding: chunked, chunked'), 501],
    ['with a coding before chunked', post('Transfer-Encoding: gzip, chunked'), 501],
    ['with a coding after chunked', post('Transfer-Encoding: chunked, gzip'), 400],
    ['with identity as coding', post('Transfer-Encoding: identity'), 400],
    ['with an obfuscated coding', post('Transfer-Encoding: \x0bchunked'), 400],
    ['with a quoted coding', post('Transfer-Encoding: "chunked"'), 400],
    ['with an empty coding', post('Transfer-Encoding:'), 400],
    ['with chunks in HTTP/1.0', 'POST / HTTP/1.0\r\nTransfer-Encoding: chunked', 400],
    ['with two Authorizations', post('Authorization: Bearer a', 'authorization: Bearer b'), 400],
    ['that expects something else', post('Expect: 200-ok'), 417],
    ['with too many headers', post(...Array.from({ length: 128 }, (_, index) => `a${index}: b`)), 431],
  ])('%s is refused', (_name, text, status) => {
    expect(statusOf(text)).toBe(status);
  });

  it('takes as many headers as are allowed', () => {
    expect(accept(post(...Array.from({ length: 127 }, (_, index) => `a${index}: b`))).headers).toHaveLength(
      256,
    );
  });

  it('whatever its bytes are, is read or refused, and never holds a line end or NUL in what was read', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'POST ',
        '/ HTTP/1.1',
        '\r\n',
        '\r',
        '\n',
        ':',
        ' ',
        'Host: a',
        'Content-Length: 1',
        '\0',
      ),
      fc.string({ unit: 'binary-ascii', maxLength: 12 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const head = parse(pieces.join(''));
        if ('errorCode' in head) {
          expect(head.status).toBeGreaterThanOrEqual(400);
          return;
        }
        for (const text of [head.method, head.target, head.host, ...head.headers]) {
          expect(text).not.toMatch(/[\r\n\0]/);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('gives back the headers that a correct client wrote', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/).filter((text) => !text.startsWith('host'));
    const value = fc.stringMatching(/^([!-~]([ -~]{0,20}[!-~])?)?$/);
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            fc.constant('x-').chain((x) => name.map((n) => x + n)),
            value,
          ),
          { maxLength: 20 },
        ),
        (pairs) => {
          const head = accept(post(...pairs.map(([one, other]) => `${one}: ${other}`)));
          expect(head.headers.slice(2)).toEqual(pairs.flat());
        },
      ),
    );
  });
});
