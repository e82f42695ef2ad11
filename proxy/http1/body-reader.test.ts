import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BodyReader } from './body-reader.ts';
import type { BodyFraming } from './body-reader.ts';

interface Heard {
  body: string;
  trailers: readonly string[] | undefined;
  /** What was left over when the body had ended. */
  rest: string;
  error: string;
}

/** Feeds `pieces` as a connection would: what is not taken comes again with what follows. */
function hear(framing: BodyFraming, pieces: readonly string[], padded = false): Heard {
  const heard: Heard = { body: '', trailers: undefined, rest: '', error: '' };
  const reader = new BodyReader(
    framing,
    {
      onBody: (chunk) => {
        heard.body += chunk.toString('latin1');
      },
      onBodyEnd: (trailers) => {
        heard.trailers = trailers;
      },
    },
    { padded, malformed: (what) => new Error(what) },
  );
  let pending = Buffer.alloc(0);
  try {
    for (const piece of pieces) {
      pending = Buffer.concat([pending, Buffer.from(piece, 'latin1')]);
      pending = pending.subarray(reader.feed(pending));
    }
  } catch (error) {
    heard.error = (error as Error).message;
  }
  heard.rest = pending.toString('latin1');
  return heard;
}

describe('a body', () => {
  it('of a known length ends there, and what follows is not touched', () => {
    expect(hear({ length: 5 }, ['he', 'llo', 'next'])).toEqual({
      body: 'hello',
      trailers: [],
      rest: 'next',
      error: '',
    });
    expect(hear({ length: 3 }, ['helnext'])).toMatchObject({ body: 'hel', rest: 'next' });
  });

  it('in chunks ends with its trailers', () => {
    const text = '5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nX-Sum: 7\r\n\r\nnext';
    expect(hear('chunked', [text])).toEqual({
      body: 'hello world',
      trailers: ['X-Sum', '7'],
      rest: 'next',
      error: '',
    });
  });

  it('in chunks is heard the same, however it is cut', () => {
    const chunk = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 6 }),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 9 }),
        (chunks, sizes) => {
          const text = `${chunks.map((one) => `${one.length.toString(16)}\r\n${one}\r\n`).join('')}0\r\n\r\nrest`;
          const pieces: string[] = [];
          for (let at = 0; at < text.length; at += pieces.at(-1)?.length ?? 1) {
            pieces.push(text.slice(at, at + (sizes[pieces.length % sizes.length] ?? 1)));
          }
          expect(hear('chunked', pieces)).toEqual({
            body: chunks.join(''),
            trailers: [],
            rest: 'rest',
            error: '',
          });
        },
      ),
    );
  });

  it.each([
    ['a size that is no number', 'x\r\n'],
    ['an empty size', '\r\n'],
    ['a signed size', '+5\r\nhello\r\n'],
    ['a size with a prefix', '0x5\r\nhello\r\n'],
    ['a size with blanks after it', '5 \r\nhello\r\n'],
    ['a size beyond all measure', `${'f'.repeat(14)}\r\n`],
    ['a size line that does not end', '1'.repeat(2000)],
    ['an extension that does not end', `5;${'a'.repeat(2000)}`],
    ['an extension with a bare LF', '5;a\nb\r\nhello\r\n'],
    ['a bare LF after the size', '5\nhello\r\n'],
    ['a chunk longer than its size', '3\r\nhello\r\n'],
    ['a bare LF after a chunk', '5\r\nhello\n0\r\n\r\n'],
    ['a trailer without a name', '0\r\n: x\r\n\r\n'],
    ['a folded trailer', '0\r\na: b\r\n c\r\n\r\n'],
    ['a trailer that frames', '0\r\nContent-Length: 5\r\n\r\n'],
    ['a trailer that permits', '0\r\nAuthorization: Bearer x\r\n\r\n'],
    ['a trailer with NUL', '0\r\na: b\0\r\n\r\n'],
    ['trailers without end', `0\r\n${'a: b\r\n'.repeat(5000)}`],
    ['too many trailers', `0\r\n${'a: b\r\n'.repeat(65)}\r\n`],
  ])('in chunks with %s is refused', (_name, text) => {
    const heard = hear('chunked', [text]);
    expect(heard.error).not.toBe('');
    expect(heard.trailers).toBeUndefined();
  });

  it('of an answer may pad a size with blanks', () => {
    expect(hear('chunked', ['5 \r\nhello\r\n0\r\n\r\n'], true)).toMatchObject({ body: 'hello', error: '' });
  });

  it('whatever its bytes are, never throws anything but what malformed makes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary-ascii', maxLength: 30 }), { maxLength: 8 }),
        (pieces) => {
          hear('chunked', pieces);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
