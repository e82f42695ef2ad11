/** Owns the cases in which a request's head is not what it should be, or larger than it may be. */
import { head, post, refused, refusedFor, served } from './safety-case.ts';
import type { SafetyCase } from './safety-case.ts';

const lines = (...text: string[]): string => `${text.join('\r\n')}\r\n\r\n`;
const many = (count: number): string[] => Array.from({ length: count }, (_, index) => `x-${index}: y`);

const firstLineCases: readonly SafetyCase[] = [
  refused('a line with two blanks', 400, (to) => head(to, [], `POST  ${to.path} HTTP/1.1`)),
  refused('a line with tabs', 400, (to) => head(to, [], `POST\t${to.path}\tHTTP/1.1`)),
  refused('a line with a blank before it', 400, (to) => head(to, [], ` POST ${to.path} HTTP/1.1`)),
  refused('a line with a blank behind it', 400, (to) => head(to, [], `POST ${to.path} HTTP/1.1 `)),
  refused('a line with a vertical tab', 400, (to) => head(to, [], `POST\x0b${to.path} HTTP/1.1`)),
  refused('a line with NUL before it', 400, (to) => head(to, [], `\0POST ${to.path} HTTP/1.1`)),
  refused('a line with two versions', 400, (to) => head(to, [], `POST ${to.path} HTTP/1.1 HTTP/1.1`)),
  refused('a line that ends with LF', 400, (to) => `POST ${to.path} HTTP/1.1\nHost: a\r\n\r\n`),
  refused('a line that ends with CR', 400, (to) => `POST ${to.path} HTTP/1.1\rHost: a\r\n\r\n`),
  refused('a head whose every line ends with LF', 400, (to) => `POST ${to.path} HTTP/1.1\nHost: a\n\n`),
  refused('a method that is no token', 400, (to) => head(to, [], `PO(ST ${to.path} HTTP/1.1`)),
  refused('a method beyond ASCII', 400, (to) => head(to, [], `P\xd6ST ${to.path} HTTP/1.1`)),
  refused('a method without end', 400, (to) => head(to, [], `${'P'.repeat(64)} ${to.path} HTTP/1.1`)),
  refused('no method', 400, (to) => head(to, [], ` ${to.path} HTTP/1.1`)),
  refused('a random greeting', 400, () => 'HELO example\r\n\r\n'),
  refused('the greeting of TLS', 400, () => `\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03${'\r\n'.repeat(2)}`),
  refused('the greeting of SSH', 400, () => 'SSH-2.0-OpenSSH_9.9\r\n'),
  refused('the PROXY protocol', 400, (to) => `PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n${post(to)}`),
  refused('an answer in place of a request', 400, () => lines('HTTP/1.1 200 OK', 'Content-Length: 0')),
];

const versionCases: readonly SafetyCase[] = [
  refused('a request of HTTP/0.9', 400, (to) => `GET ${to.path}\r\n`),
  refused('a request that says HTTP/0.9', 505, (to) => head(to, [], `POST ${to.path} HTTP/0.9`)),
  refused('a request that says HTTP/1.2', 505, (to) => head(to, [], `POST ${to.path} HTTP/1.2`)),
  refused('a request that says HTTP/2.0', 505, (to) => head(to, [], `POST ${to.path} HTTP/2.0`)),
  refused('a request that says HTTP/3', 400, (to) => head(to, [], `POST ${to.path} HTTP/3`)),
  refused('a version with a zero before it', 400, (to) => head(to, [], `POST ${to.path} HTTP/01.1`)),
  refused('a version with a sign', 400, (to) => head(to, [], `POST ${to.path} HTTP/1.+1`)),
  refused('a version in small letters', 400, (to) => head(to, [], `POST ${to.path} http/1.1`)),
  refused('another protocol', 400, (to) => head(to, [], `POST ${to.path} ICAP/1.0`)),
  {
    name: 'a request of HTTP/1.0',
    send: (to) => `${head(to, ['Content-Length: 4'], `POST ${to.path} HTTP/1.0`)}body`,
    answers: [200],
    then: 'closes',
    seen: ['body'],
  },
  {
    name: 'a request of HTTP/1.0 that would stay: its answer ends with the connection',
    send: (to) => head(to, ['Connection: keep-alive'], `POST ${to.path} HTTP/1.0`),
    answers: [200],
    then: 'closes',
  },
];

const fieldCases: readonly SafetyCase[] = [
  refusedFor('a header without a name', 400, ': x', 'Content-Length: 4'),
  refusedFor('a header without a colon', 400, 'Nothing', 'Content-Length: 4'),
  refusedFor('a folded header', 400, 'A: b', ' c', 'Content-Length: 4'),
  refusedFor('a header folded with a tab', 400, 'A: b', '\tc', 'Content-Length: 4'),
  refusedFor('a header that is folded into nothing', 400, 'A: b', ' ', 'Content-Length: 4'),
  refused('a fold before the first header', 400, (to) => `POST ${to.path} HTTP/1.1\r\n Host: a\r\n\r\n`),
  refusedFor('a blank in a name', 400, 'A b: c', 'Content-Length: 4'),
  refusedFor('a name in brackets', 400, '[A]: c', 'Content-Length: 4'),
  refusedFor('a name beyond ASCII', 400, 'N\xe4me: c', 'Content-Length: 4'),
  refusedFor('NUL in a value', 400, 'A: b\0c', 'Content-Length: 4'),
  refusedFor('DEL in a value', 400, 'A: b\x7fc', 'Content-Length: 4'),
  refusedFor('an escape character in a value', 400, 'A: \x1b[2J', 'Content-Length: 4'),
  refusedFor('a form feed in a value', 400, 'A: b\x0cc', 'Content-Length: 4'),
  refused('no Host', 400, (to) => lines(`POST ${to.path} HTTP/1.1`, ...to.credentials)),
  refusedFor('two Hosts', 400, 'Host: a', 'Host: b', 'Content-Length: 4'),
  refusedFor('the same Host twice', 400, 'Host: a', 'Host: a', 'Content-Length: 4'),
  refusedFor('two Hosts in one header', 400, 'Host: a, b', 'Content-Length: 4'),
  refusedFor('a Host with a path', 400, 'Host: a/b', 'Content-Length: 4'),
  refusedFor('a Host with a user', 400, 'Host: admin@a', 'Content-Length: 4'),
  refusedFor('a Host with a blank inside', 400, 'Host: a b', 'Content-Length: 4'),
  refusedFor('a Host with a percent sign', 400, 'Host: a%00b', 'Content-Length: 4'),
  refusedFor('a Host in a name with a blank', 400, 'Host : a', 'Content-Length: 4'),
  served('an empty value', (to) => post(to, '{}', ['X-Empty:'])),
  served('a value beyond ASCII', (to) => post(to, '{}', ['X-Name: \xe9\xff'])),
  served('a hundred headers', (to) => post(to, '{}', many(100))),
];

const sizeCases: readonly SafetyCase[] = [
  refusedFor('more headers than there may be', 431, ...many(128), 'Content-Length: 4'),
  refused('a header that is too large', 431, (to) => head(to, [`A: ${'x'.repeat(to.maxHeadBytes)}`])),
  refused('many headers that are too large together', 431, (to) =>
    head(
      to,
      Array.from({ length: 80 }, () => `A: ${'x'.repeat(to.maxHeadBytes / 80)}`),
    ),
  ),
  refused('a header without end', 431, (to) => `${head(to).slice(0, -2)}A: ${'x'.repeat(to.maxHeadBytes)}`),
  refused('a name without end', 431, (to) => `${head(to).slice(0, -2)}${'x'.repeat(to.maxHeadBytes)}`),
  refused('a target of 9 KiB', 414, (to) => head(to, [], `POST ${to.path}?${'x'.repeat(9 * 1024)} HTTP/1.1`)),
  refused('a target without end', 414, (to) => `POST ${to.path}?${'x'.repeat(to.maxHeadBytes)}`),
  refused('a method and nothing else, without end', 414, (to) => 'P'.repeat(to.maxHeadBytes + 1)),
  refused('a body that is too large', 413, (to) => head(to, [`Content-Length: ${to.maxBodyBytes + 1}`])),
  refused('a body of a million gigabytes', 413, (to) => head(to, ['Content-Length: 999999999999999'])),
  refused('chunks that become too many', 413, (to) => {
    const chunk = `1000\r\n${'x'.repeat(0x1000)}\r\n`;
    return `${head(to, ['Transfer-Encoding: chunked'])}${chunk.repeat(Math.ceil(to.maxBodyBytes / 0x1000) + 2)}`;
  }),
  refused(
    'one chunk of four petabytes',
    413,
    (to) =>
      `${head(to, ['Transfer-Encoding: chunked'])}fffffffffffff\r\n${'x'.repeat(to.maxBodyBytes + 70_000)}`,
  ),
  served('the largest body that is allowed', (to) => post(to, 'x'.repeat(to.maxBodyBytes))),
];

export const headCases: readonly SafetyCase[] = [
  ...firstLineCases,
  ...versionCases,
  ...fieldCases,
  ...sizeCases,
];
