/** Owns the cases in which what is sent over HTTP/2 is no proper request, or no HTTP/2. */
import { endHeaders, endStream, frame, frames, headers, literals, uint32 } from '../raw-http2-fixture.ts';
import type { Pairs } from '../raw-http2-fixture.ts';
import type { Wording } from './safety-case.ts';

/** What comes of it: an answer, a stream that is reset, or a connection that is ended. */
export type Http2Outcome = 'answered' | 'reset' | 'ended';

export interface Http2Case {
  /** Completes the sentence "a caller who sends …". */
  readonly name: string;
  /** Frames behind the preface and the settings. */
  readonly send: (to: Wording) => string;
  readonly outcome: Http2Outcome;
  /** Status of the answer. */
  readonly status?: number;
}

/** The head of a good request. */
export const goodPairs = (to: Wording, more: Pairs = []): Pairs => [
  [':method', 'POST'],
  [':scheme', 'http'],
  [':path', to.path],
  [':authority', 'models.example'],
  ...to.credentials.map(
    (line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)] as const,
  ),
  ...more,
];

const whole = endHeaders | endStream;
const withHeader = (
  name: string,
  header: string,
  value: string,
  outcome: Http2Outcome,
  status?: number,
): Http2Case => ({
  name,
  send: (to) => headers(1, goodPairs(to, [[header, value]]), whole),
  outcome,
  ...(status === undefined ? {} : { status }),
});
const withPairs = (
  name: string,
  change: (pairs: Pairs) => Pairs,
  outcome: Http2Outcome,
  status?: number,
): Http2Case => ({
  name,
  send: (to) => headers(1, change(goodPairs(to)), whole),
  outcome,
  ...(status === undefined ? {} : { status }),
});
const replacing =
  (name: string, value: string) =>
  (pairs: Pairs): Pairs =>
    pairs.map((pair) => (pair[0] === name ? [name, value] : pair));
const without =
  (name: string) =>
  (pairs: Pairs): Pairs =>
    pairs.filter((pair) => pair[0] !== name);

const headCases: readonly Http2Case[] = [
  withHeader('a name in capitals', 'X-Any', 'a', 'reset'),
  withHeader('Connection', 'connection', 'close', 'reset'),
  withHeader('Keep-Alive', 'keep-alive', 'timeout=5', 'reset'),
  withHeader('Proxy-Connection', 'proxy-connection', 'close', 'reset'),
  withHeader('chunks', 'transfer-encoding', 'chunked', 'reset'),
  withHeader('an Upgrade', 'upgrade', 'websocket', 'reset'),
  withHeader('a TE with more than trailers', 'te', 'gzip', 'reset'),
  withHeader('chunks in a name with an underscore', 'transfer_encoding', 'chunked', 'answered', 400),
  withHeader('a length without a body', 'content-length', '4', 'reset'),
  withHeader('a length that is none', 'content-length', '+0', 'reset'),
  withHeader('a length in hexadecimal', 'content-length', '0x0', 'reset'),
  withHeader('a Host that is another one', 'host', 'other.example', 'answered', 400),
  withHeader('an expectation that nobody knows', 'expect', '200-ok', 'answered', 417),
  withHeader('a second Authorization with an underscore', 'x_request_id', 'a', 'answered', 400),
  withPairs('no method', without(':method'), 'reset'),
  withPairs('no path', without(':path'), 'reset'),
  withPairs('no scheme', without(':scheme'), 'reset'),
  withPairs('no authority', without(':authority'), 'reset'),
  withPairs('an empty path', replacing(':path', ''), 'reset'),
  withPairs('a path without its slash', replacing(':path', 'invocations'), 'reset'),
  withPairs('an asterisk', replacing(':path', '*'), 'reset'),
  withPairs('a path with a blank', replacing(':path', '/a b'), 'reset'),
  withPairs('a path with a request in it', replacing(':path', '/ HTTP/1.1\r\nX: y'), 'reset'),
  withPairs('a path with a fragment', replacing(':path', '/a#b'), 'answered', 400),
  withPairs('a path beyond ASCII', replacing(':path', '/\xe9'), 'answered', 400),
  withPairs('a path of 9 KiB', replacing(':path', `/${'x'.repeat(9_000)}`), 'answered', 414),
  withPairs('a path that goes up', replacing(':path', '/x/../invocations'), 'answered', 404),
  withPairs('a method that is no token', replacing(':method', 'PO ST'), 'reset'),
  withPairs('a method with a line end', replacing(':method', 'POST / HTTP/1.1\r\n'), 'reset'),
  withPairs('an unknown method', replacing(':method', 'BREW'), 'answered', 405),
  withPairs('another scheme', replacing(':scheme', 'ftp'), 'answered', 400),
  withPairs('an authority with a user', replacing(':authority', 'admin@models.example'), 'reset'),
  withPairs('an authority with a path', replacing(':authority', 'models.example/x'), 'reset'),
  withPairs('an authority with a line end', replacing(':authority', 'a\r\nX: y'), 'reset'),
  withPairs(
    'CONNECT',
    (pairs) => without(':path')(without(':scheme')(replacing(':method', 'CONNECT')(pairs))),
    'answered',
    400,
  ),
  withPairs(
    'a CONNECT for WebSockets, which nobody has offered',
    (pairs) => [...replacing(':method', 'CONNECT')(pairs).slice(0, 4), [':protocol', 'websocket']],
    'reset',
  ),
  withPairs('a path twice', (pairs) => [[':path', '/other'], ...pairs], 'reset'),
  withPairs('an unknown pseudo-header', (pairs) => [[':any', 'a'], ...pairs], 'reset'),
  withPairs('a pseudo-header of answers', (pairs) => [[':status', '200'], ...pairs], 'reset'),
  withPairs('a pseudo-header behind others', (pairs) => [['x-any', 'a'], ...pairs], 'reset'),
];

/** A header that cannot be one is left out, as if it had not been sent: that is what nghttp2 does. */
const droppedCases: readonly Http2Case[] = [
  withHeader('a name with a blank', 'x any', 'a', 'answered', 200),
  withHeader('a name with a colon', 'x:any', 'a', 'answered', 200),
  withHeader('a name beyond ASCII', 'x\xe9', 'a', 'answered', 200),
  withHeader('an empty name', '', 'a', 'answered', 200),
  withHeader('a value with a line end', 'x-any', 'a\r\nx-fairlead-principal: root', 'answered', 200),
  withHeader('a value with a bare CR', 'x-any', 'a\rb', 'answered', 200),
  withHeader('a value with a bare LF', 'x-any', 'a\nb', 'answered', 200),
  withHeader('a value with NUL', 'x-any', 'a\0b', 'answered', 200),
  withHeader('a value with another control character', 'x-any', 'a\x01b', 'answered', 200),
  withHeader('a value with blanks around it', 'x-any', ' a ', 'answered', 200),
  withHeader('a Host with a path', 'host', 'models.example/x', 'answered', 200),
];

const bodyCases: readonly Http2Case[] = [
  {
    name: 'less than the length says',
    send: (to) =>
      headers(1, goodPairs(to, [['content-length', '5']])) + frame(frames.data, endStream, 1, 'four'),
    outcome: 'reset',
  },
  {
    name: 'more than the length says',
    send: (to) =>
      headers(1, goodPairs(to, [['content-length', '3']])) + frame(frames.data, endStream, 1, 'four'),
    outcome: 'ended',
  },
  {
    name: 'two lengths',
    send: (to) =>
      headers(
        1,
        goodPairs(to, [
          ['content-length', '4'],
          ['content-length', '5'],
        ]),
      ) + frame(frames.data, endStream, 1, 'four'),
    outcome: 'reset',
  },
  {
    name: 'trailers with a pseudo-header',
    send: (to) =>
      headers(1, goodPairs(to)) + frame(frames.headers, whole, 1, literals([[':path', '/other']])),
    outcome: 'reset',
  },
  {
    name: 'trailers that end nothing',
    send: (to) =>
      headers(1, goodPairs(to)) + frame(frames.headers, endHeaders, 1, literals([['x-any', 'a']])),
    outcome: 'reset',
  },
  {
    name: 'a body behind its end',
    send: (to) =>
      headers(1, [...goodPairs(to).slice(0, 2), [':path', '/nothing']], whole) +
      frame(frames.data, endStream, 1, 'x'),
    outcome: 'ended',
  },
];

const frameCases: readonly Http2Case[] = (
  [
    ['a body of no stream', () => frame(frames.data, endStream, 0, 'x')],
    ['a body of a stream that never began', () => frame(frames.data, endStream, 1, 'x')],
    ['a head of no stream', (to) => headers(0, goodPairs(to))],
    ['a head of a stream that is ours to begin', (to) => headers(2, goodPairs(to))],
    ['a continuation of nothing', () => frame(frames.continuation, endHeaders, 1, 'x')],
    [
      'something between a head and its continuation',
      (to) => headers(1, goodPairs(to), 0) + frame(frames.ping, 0, 0, 'x'.repeat(8)),
    ],
    ['a head that is no HPACK', () => frame(frames.headers, whole, 1, '\xff\xff\xff\xff\xff\xff')],
    ['a head with an index beyond all tables', () => frame(frames.headers, whole, 1, '\xff\x80\x01')],
    ['a frame that is larger than agreed', () => frame(frames.data, 0, 1, 'x'.repeat(20_000))],
    ['a promise', () => frame(frames.pushPromise, endHeaders, 1, `${uint32(2)}x`)],
    ['settings of half a setting', () => frame(frames.settings, 0, 0, 'xxx')],
    ['settings of a stream', () => frame(frames.settings, 0, 1)],
    ['a window that is larger than any', () => frame(frames.settings, 0, 0, `\0\x04${uint32(2 ** 31)}`)],
    ['a window that grows by nothing', () => frame(frames.windowUpdate, 0, 0, uint32(0))],
    ['a window that grows too large', () => frame(frames.windowUpdate, 0, 0, uint32(2 ** 31 - 1))],
    ['a ping of seven bytes', () => frame(frames.ping, 0, 0, 'x'.repeat(7))],
    ['a reset of a stream that never began', () => frame(frames.reset, 0, 1, uint32(8))],
    ['padding that is longer than its frame', () => frame(frames.data, 0x8, 1, '\xffx')],
  ] satisfies readonly (readonly [string, Http2Case['send']])[]
).map(([name, send]): Http2Case => ({ name, send, outcome: 'ended' }));

const harmlessCases: readonly Http2Case[] = [
  {
    name: 'a good request',
    send: (to) => headers(1, goodPairs(to), whole),
    outcome: 'answered',
    status: 200,
  },
  {
    name: 'a frame of a kind that nobody knows',
    send: (to) => frame(0x77, 0, 0, 'x') + headers(1, goodPairs(to), whole),
    outcome: 'answered',
    status: 200,
  },
  {
    name: 'a setting that nobody knows',
    send: (to) => frame(frames.settings, 0, 0, `\x77\x77${uint32(1)}`) + headers(1, goodPairs(to), whole),
    outcome: 'answered',
    status: 200,
  },
  withHeader('a TE of trailers', 'te', 'trailers', 'answered', 200),
  withHeader('the same Host as its authority', 'host', 'Models.Example', 'answered', 200),
  withHeader('words that only proxies speak', 'x-fairlead-anything', '1', 'answered', 200),
];

export const http2Cases: readonly Http2Case[] = [
  ...headCases,
  ...droppedCases,
  ...bodyCases,
  ...frameCases,
  ...harmlessCases,
];
