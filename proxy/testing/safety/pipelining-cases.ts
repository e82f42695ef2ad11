/** Owns the cases in which more than one request comes on a connection: each answer belongs to its request, or to none. */
import { chunked, head, post, refused } from './safety-case.ts';
import type { SafetyCase } from './safety-case.ts';

const unknown = (body: string): string =>
  `POST /nothing HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

export const pipeliningCases: readonly SafetyCase[] = [
  {
    name: 'three requests at once',
    send: (to) => post(to, '1') + chunked(to, '1\r\n2\r\n0\r\n\r\n') + post(to, '3'),
    answers: [200, 200, 200],
    then: 'stays',
    seen: ['1', '2', '3'],
  },
  {
    name: 'a request in the last piece of another one',
    send: (to) => [post(to, 'first').slice(0, -1), `t${post(to, 'second')}`],
    answers: [200, 200],
    then: 'stays',
    seen: ['first', 'second'],
  },
  {
    name: 'a request after one that ends the connection: it is not answered',
    send: (to) => post(to, 'last', ['Connection: close']) + post(to, 'too late'),
    answers: [200],
    then: 'closes',
    seen: ['last'],
  },
  {
    name: 'a request after one of HTTP/1.0: it is not answered',
    send: (to) => head(to, [], `POST ${to.path} HTTP/1.0`) + post(to, 'too late'),
    answers: [200],
    then: 'closes',
    seen: [''],
  },
  {
    name: 'a request after a malformed one: it is not answered',
    send: (to) => `${head(to, ['A : b'])}${post(to, 'never')}`,
    answers: [400],
    then: 'closes',
  },
  {
    name: 'a request after a malformed body: it is not answered',
    send: (to) => chunked(to, `4\r\nbodyX`) + post(to, 'never'),
    answers: [400],
    then: 'closes',
  },
  {
    name: 'a malformed request after a good one',
    send: (to) => `${post(to, 'good')}GARBAGE\r\n\r\n`,
    answers: [200, 400],
    then: 'closes',
    seen: ['good'],
  },
  {
    name: 'the front of a request as the end of another one',
    send: (to) => `${post(to, '')}G${post(to, 'smuggled')}`,
    answers: [200, 405],
    then: 'closes',
    seen: [''],
  },
  {
    name: 'a request to a path that is none, then a good one',
    send: (to) => unknown('') + post(to, 'good'),
    answers: [404, 200],
    then: 'stays',
    seen: ['good'],
  },
  {
    name: 'a refused request whose body looks like a request: it is dropped with its connection',
    send: (to) => unknown(post(to, 'smuggled')),
    answers: [404],
    then: 'closes',
  },
  {
    name: 'a refused request in chunks, with a request behind it: both are dropped',
    send: (to) => `${chunked({ ...to, path: '/nothing' }, '0\r\n\r\n')}${post(to, 'never')}`,
    answers: [404],
    then: 'closes',
  },
  {
    name: 'a request with another method, then a good one',
    send: (to) => head(to, [], `DELETE ${to.path} HTTP/1.1`) + post(to, 'good'),
    answers: [405, 200],
    then: 'stays',
    seen: ['good'],
  },
  {
    name: 'GET with a body that looks like a request: it is dropped with its connection',
    send: (to) =>
      head(to, [`Content-Length: ${post(to, 'x').length}`], `GET ${to.path} HTTP/1.1`) + post(to, 'x'),
    answers: [405],
    then: 'closes',
  },
  {
    name: 'an empty line between two requests',
    send: (to) => `${post(to, 'one')}\r\n${post(to, 'two')}`,
    answers: [200, 200],
    then: 'stays',
    seen: ['one', 'two'],
  },
  refused('nothing but empty lines', 400, () => '\r\n\r\n\r\n\r\n'),
];
