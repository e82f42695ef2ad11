import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ResponseParser } from './response-parser.ts';
import type { ResponseSink } from './response-parser.ts';

interface Heard {
  readonly information: number[];
  status: number;
  headers: readonly string[];
  body: string;
  trailers: readonly string[] | undefined;
  reusable: boolean | undefined;
  /** Whether the end of the body was announced with its last chunk. */
  last: boolean;
}

/** Feeds `pieces` to a parser that awaits an answer, and returns what it told. */
function hear(pieces: readonly string[], withoutBody = false): Heard & { parser: ResponseParser } {
  const heard: Heard = {
    information: [],
    status: 0,
    headers: [],
    body: '',
    trailers: undefined,
    reusable: undefined,
    last: false,
  };
  const sink: ResponseSink = {
    onInformation: ({ status }) => heard.information.push(status),
    onHead: ({ status, headers }) => {
      heard.status = status;
      heard.headers = headers;
    },
    onBody: (chunk, last) => {
      heard.body += chunk.toString('latin1');
      heard.last = last;
    },
    onEnd: (trailers, reusable) => {
      heard.trailers = trailers;
      heard.reusable = reusable;
    },
  };
  const parser = new ResponseParser();
  parser.expect(sink, { bodiless: withoutBody, upgrade: '' });
  for (const piece of pieces) parser.feed(Buffer.from(piece, 'latin1'));
  return Object.assign(heard, { parser });
}

const counted = 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nContent-Length: 5\r\n\r\nhello';
const chunked =
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5;note=x\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 7\r\n\r\n';

describe('ResponseParser', () => {
  it('reads a counted body, and says with the last chunk that it is the last', () => {
    const heard = hear([counted]);
    expect(heard).toMatchObject({ status: 200, body: 'hello', last: true, reusable: true });
    expect(heard.headers).toEqual(['content-type', 'text/plain', 'Content-Length', '5']);
  });

  it('reads chunks and trailers, and keeps headers of this hop to itself', () => {
    const heard = hear([chunked]);
    expect(heard).toMatchObject({ body: 'hello world', trailers: ['X-Sum', '7'], reusable: true });
    expect(heard.headers).toEqual([]);
  });

  it('takes spaces and tabs off a value, and nothing that is part of it', () => {
    const voila = Buffer.from('voilà').toString('latin1');
    const heard = hear([`HTTP/1.1 200 OK\r\nA: \t ${voila} \r\nContent-Length: 0\r\n\r\n`]);
    expect(heard.headers).toEqual(['A', voila, 'Content-Length', '0']);
  });

  it('tells interim answers apart from the final one', () => {
    const heard = hear([
      `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${counted}`,
    ]);
    expect(heard).toMatchObject({ information: [102, 103], status: 200, body: 'hello' });
  });

  it('hears the same, however the bytes are cut into pieces', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(counted, chunked),
        fc.array(fc.nat(200), { maxLength: 12 }),
        (text, cuts) => {
          const at = [0, ...cuts.map((cut) => cut % text.length).sort((a, b) => a - b), text.length];
          const pieces = at.slice(1).map((end, index) => text.slice(at[index], end));
          const { parser: _one, last: _last, ...heard } = hear(pieces);
          const { parser: _other, last: _whole, ...whole } = hear([text]);
          expect(heard).toEqual(whole);
        },
      ),
    );
  });

  it.each([
    ['204 has no body', 'HTTP/1.1 204 No Content\r\n\r\n', false],
    [
      '304 has no body, whatever its length says',
      'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n',
      false,
    ],
    ['an answer to HEAD has no body', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n', true],
    ['a length of 0 ends at once', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', false],
  ])('%s', (_name, text, withoutBody) => {
    expect(hear([text], withoutBody)).toMatchObject({ body: '', trailers: [], reusable: true });
  });

  it.each([
    ['Connection: close', 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n'],
  ])('does not use the connection again after %s', (_name, text) => {
    expect(hear([text]).reusable).toBe(false);
  });

  it('takes what Connection nominates out of the headers', () => {
    const heard = hear([
      'HTTP/1.1 200 OK\r\nConnection: X-Hop\r\nX-Hop: 1\r\nX-End: 2\r\nContent-Length: 0\r\n\r\n',
    ]);
    expect(heard.headers).toEqual(['X-End', '2', 'Content-Length', '0']);
  });

  it('lets a body without a length end with the connection, and no other', () => {
    const open = hear(['HTTP/1.1 200 OK\r\n\r\nall that ', 'there is']);
    expect(open.trailers).toBeUndefined();
    expect(open.parser.finish()).toBe(true);
    expect(open).toMatchObject({ body: 'all that there is', reusable: false });
    expect(hear([counted.slice(0, -1)]).parser.finish()).toBe(false);
    expect(hear([chunked.slice(0, -2)]).parser.finish()).toBe(false);
  });

  it.each([
    ['no status line', 'HELLO\r\n\r\n'],
    ['another protocol', 'ICY 200 OK\r\n\r\n'],
    ['an unasked upgrade', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'],
    [
      'length and chunks at once',
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
    ],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n'],
    ['a length that is no number', 'HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n'],
    ['a transfer coding that it cannot undo', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n'],
    ['chunked twice', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n'],
    ['a folded header', 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n'],
    ['a space before the colon', 'HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\n'],
    ['a bare line feed in a value', 'HTTP/1.1 200 OK\r\nA: b\nX-Evil: c\r\nContent-Length: 0\r\n\r\n'],
    ['a control character in a value', 'HTTP/1.1 200 OK\r\nA: b\x01c\r\nContent-Length: 0\r\n\r\n'],
    ['a control character in the reason', 'HTTP/1.1 200 O\x01K\r\nContent-Length: 0\r\n\r\n'],
    ['a length with more around it than blanks', 'HTTP/1.1 200 OK\r\nContent-Length: 5\xa0\r\n\r\n'],
    ['a chunk size that is none', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n'],
    ['a chunk longer than its size', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n'],
    [
      'a trailer that frames the message',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n',
    ],
    ['bytes after the answer', `${counted}HTTP/1.1 200 OK\r\n`],
    ['an endless head', `HTTP/1.1 200 OK\r\nA: ${'x'.repeat(70_000)}`],
    ['an endless chunk size', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;${'x'.repeat(5_000)}`],
    [
      'endless trailers',
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: ${'x'.repeat(70_000)}`,
    ],
    ['too many headers', `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(300)}\r\n`],
  ])('refuses %s', (_name, text) => {
    expect(() => hear([text])).toThrow(expect.objectContaining({ code: 'UPSTREAM_MALFORMED' }));
  });
});
