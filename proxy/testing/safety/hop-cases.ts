/** Owns the cases in which headers of one hop, of the proxies or of another protocol should not travel, or not count. */
import { gzipSync } from 'node:zlib';
import { expect } from 'vitest';
import type { SeenRequest } from '../model-server-fixture.ts';
import { chunked, head, post, refused, refusedFor, served } from './safety-case.ts';
import type { SafetyCase } from './safety-case.ts';

const names = (seen: readonly SeenRequest[]): string[] => Object.keys(seen[0]?.headers ?? {});

/** Sixteen megabytes in less than 20 KiB, as latin1. */
const bomb = gzipSync(Buffer.alloc(16 * 1024 * 1024), { level: 9 }).toString('latin1');

/** The request is served, and the model sees none of `forbidden`. */
const without = (name: string, headers: readonly string[], ...forbidden: string[]): SafetyCase => ({
  ...served(name, (to) => post(to, '{}', headers)),
  check: (seen) => expect(names(seen).filter((one) => forbidden.includes(one))).toEqual([]),
});

const hopCases: readonly SafetyCase[] = [
  without('a header that Connection names', ['Connection: X-Hop', 'X-Hop: 1'], 'x-hop'),
  without('headers that two Connections name', ['Connection: a', 'Connection: B', 'A: 1', 'b: 2'], 'a', 'b'),
  without(
    'Keep-Alive and Proxy-Connection',
    ['Keep-Alive: 9', 'Proxy-Connection: x'],
    'keep-alive',
    'proxy-connection',
  ),
  without('TE and Trailer', ['TE: trailers, gzip', 'Trailer: X-Sum'], 'te', 'trailer'),
  without('credentials for a proxy', ['Proxy-Authorization: Basic eDp5'], 'proxy-authorization'),
  without('cookies', ['Cookie: a=b'], 'cookie', 'authorization'),
  without(
    'words that only proxies speak',
    ['X-Fairlead-Anything: 1', 'x-fairlead-cold-start: 2', 'X_Fairlead_Principal: root'],
    'x-fairlead-anything',
    'x-fairlead-cold-start',
    'x_fairlead_principal',
  ),
  refusedFor('a Connection that names the length', 400, 'Connection: Content-Length', 'Content-Length: 4'),
  refusedFor('a Connection that names the coding', 400, 'Connection: transfer-encoding', 'Content-Length: 4'),
  refusedFor('a Connection that names the host', 400, 'Connection: host', 'Content-Length: 4'),
  refusedFor(
    'a Connection that names the credentials',
    400,
    'Connection: authorization',
    'Content-Length: 4',
  ),
  refusedFor('a Connection that names the type', 400, 'Connection: content-type', 'Content-Length: 4'),
  refusedFor(
    'a Connection that names our words',
    400,
    'Connection: x-fairlead-principal',
    'Content-Length: 4',
  ),
  refusedFor(
    'two Authorizations',
    400,
    'Authorization: Bearer a',
    'Authorization: Bearer b',
    'Content-Length: 4',
  ),
  refusedFor('a second request id with underscores', 400, 'X_Request_Id: a', 'Content-Length: 4'),
  {
    name: 'an Upgrade to HTTP/2: it is answered in HTTP/1.1',
    send: (to) =>
      post(to, '{}', ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk']),
    answers: [200],
    then: 'stays',
    check: (seen) => expect(names(seen)).not.toContain('http2-settings'),
  },
  served('an Upgrade to TLS', (to) => post(to, '{}', ['Connection: Upgrade', 'Upgrade: TLS/1.2'])),
  served('POST with an Upgrade to WebSocket', (to) =>
    post(to, '{}', ['Connection: Upgrade', 'Upgrade: websocket']),
  ),
  ...[
    ['GET with an Upgrade that Connection does not name', ['Upgrade: websocket'], 'stays'],
    [
      'GET with an Upgrade to two protocols',
      ['Connection: Upgrade', 'Upgrade: websocket', 'Upgrade: h2c'],
      'stays',
    ],
    [
      'GET with an Upgrade and a body',
      ['Connection: Upgrade', 'Upgrade: websocket', 'Content-Length: 0009'],
      'closes',
    ],
    [
      'GET with an Upgrade and chunks',
      ['Connection: Upgrade', 'Upgrade: websocket', 'Transfer-Encoding: chunked'],
      'closes',
    ],
  ].map(([name, headers, then]): SafetyCase => ({
    name: name as string,
    send: (to) => head(to, headers as string[], `GET ${to.path} HTTP/1.1`),
    answers: [405],
    then: then as 'stays' | 'closes',
    seen: [],
  })),
  served('POST that would rather be another method', (to) =>
    post(to, '{}', ['X-HTTP-Method-Override: DELETE']),
  ),
];

const continueCases: readonly SafetyCase[] = [
  refusedFor('an expectation that nobody knows', 417, 'Expect: 200-ok', 'Content-Length: 4'),
  refusedFor('an expectation twice', 417, 'Expect: 100-continue, 100-continue', 'Content-Length: 4'),
  refused('an expectation with a body that is too large: it is not asked for', 413, (to) =>
    head(to, ['Expect: 100-continue', `Content-Length: ${to.maxBodyBytes + 1}`]),
  ),
  {
    name: 'an expectation to a path that is none: its body is not asked for',
    send: (to) => head(to, ['Expect: 100-continue', 'Content-Length: 4'], 'POST /nothing HTTP/1.1'),
    answers: [404],
    then: 'closes',
  },
  {
    name: 'an expectation, and its body when that is asked for',
    send: (to) => [head(to, ['Expect: 100-continue', 'Content-Length: 4']), 50, 'body'],
    answers: [100, 200],
    then: 'stays',
    seen: ['body'],
  },
  {
    name: 'an expectation, and its body in chunks when that is asked for',
    send: (to) => [
      head(to, ['Expect: 100-continue', 'Transfer-Encoding: chunked']),
      50,
      '4\r\nbody\r\n0\r\n\r\n',
    ],
    answers: [100, 200],
    then: 'stays',
    seen: ['body'],
  },
  {
    name: 'an expectation, and its body without waiting, and another request',
    send: (to) => post(to, 'body', ['Expect: 100-continue']) + post(to, 'next'),
    answers: [200, 200],
    then: 'stays',
    seen: ['body', 'next'],
  },
  served('an expectation without a body', (to) => post(to, '', ['Expect: 100-continue'])),
  {
    name: 'an expectation in HTTP/1.0, which knows none',
    send: (to) => [
      head(to, ['Expect: 100-continue', 'Content-Length: 4'], `POST ${to.path} HTTP/1.0`),
      30,
      'body',
    ],
    answers: [200],
    then: 'closes',
    seen: ['body'],
  },
];

const injectionCases: readonly SafetyCase[] = [
  ...['a b', '<script>', 'a\xe9', 'x'.repeat(200), '', '"', '{}', 'a;b'].map((id): SafetyCase => ({
    ...served(`the request id ${JSON.stringify(id.slice(0, 20))}, which gets another one`, (to) =>
      post(to, '{}', [`X-Request-Id: ${id}`]),
    ),
    check: (seen, answers) => {
      expect(answers[0]?.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
      expect(seen[0]?.headers['x-request-id']).toBe(answers[0]?.headers['x-request-id']);
    },
  })),
  {
    ...served('a body that would blow up when it is inflated: nobody does', (to) =>
      post(to, bomb, ['Content-Encoding: gzip']),
    ),
    check: (seen) => {
      expect(seen[0]?.headers['content-encoding']).toBe('gzip');
      expect(seen[0]?.bytes.toString('latin1')).toBe(bomb);
    },
  },
  served(
    'a body that says it is compressed and is not',
    (to) => post(to, 'plain', ['Content-Encoding: gzip, br']),
    ['plain'],
  ),
  served('a compressed body in chunks', (to) =>
    chunked(to, '3\r\n\x1f\x8b\x08\r\n0\r\n\r\n', ['Content-Encoding: gzip']),
  ),
];

export const travelCases: readonly SafetyCase[] = [...hopCases, ...continueCases, ...injectionCases];
