import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutAnywhere } from './pieces-fixture.ts';
import { SseData } from './sse-data.ts';

/** Returns the data of each event. */
function read(pieces: readonly Buffer[]): string[] {
  const events: string[] = [];
  let lines: string[] = [];
  const data = new SseData({
    onLine: () => lines.push(''),
    onData: (bytes, from, to) => {
      lines.push((lines.pop() ?? '') + Buffer.from(bytes.subarray(from, to)).toString('latin1'));
    },
    onEvent: () => {
      if (lines.length > 0) events.push(lines.join('\n'));
      lines = [];
    },
  });
  for (const piece of pieces) data.feed(piece);
  return events;
}

describe('SseData', () => {
  it.each([
    ['one line', 'data: {"a":1}\n\n', ['{"a":1}']],
    ['no space after the colon', 'data:x\n\n', ['x']],
    ['one space, and not two, taken away', 'data:  x\n\n', [' x']],
    ['several lines', 'data: a\ndata: b\n\n', ['a\nb']],
    ['comments, names and ids beside it', ': ping\nevent: message\nid: 7\ndata: x\nretry: 5\n\n', ['x']],
    ['a field that begins like data', 'database: x\ndat: y\n\n', []],
    ['empty lines without an event', '\n\n\ndata: x\n\n\n\n', ['x']],
    ['an event that never ends', 'data: x\n', []],
  ])('reads %s', (_name, text, expected) => {
    expect(read([Buffer.from(text)])).toEqual(expected);
  });

  it('reads the same events whatever ends their lines, however they are cut', () => {
    const word = fc.stringMatching(/^[ -~]{1,12}$/).filter((text) => !text.startsWith(' '));
    fc.assert(
      fc.property(
        fc.array(fc.array(word, { minLength: 1, maxLength: 3 }), { maxLength: 5 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.infiniteStream(fc.nat(9)),
        (events, end, cuts) => {
          const text = events
            .map((lines) => `${lines.map((line) => `data: ${line}${end}`).join('')}: ping${end}${end}`)
            .join('');
          expect(read(cutAnywhere(text, cuts))).toEqual(events.map((lines) => lines.join('\n')));
        },
      ),
    );
  });
});
