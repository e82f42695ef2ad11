import { describe, expect, it } from 'vitest';
import { offsetSince, timeAt, withTimestamps } from './log-lines.ts';

const times = [
  { offset: 0, at: 1_000 },
  { offset: 4, at: 2_000 },
  { offset: 12, at: 5_000 },
];

describe('the times of a log', () => {
  it.each([
    [0, 0],
    [1_500, 4],
    [2_000, 4],
    [5_000, 12],
    [5_001, 99],
  ])('say that what was written since %i begins at %i', (since, offset) => {
    expect(offsetSince(times, since, 99)).toBe(offset);
  });

  it.each([
    [0, 1_000],
    [3, 1_000],
    [4, 2_000],
    [500, 5_000],
  ])('say that the byte at %i was written at %i', (offset, at) => {
    expect(timeAt(times, offset)).toBe(at);
  });

  it('are written before each line, wherever the chunks are cut', async () => {
    async function* chunks(): AsyncGenerator<Buffer> {
      for (const text of ['one', '\ntwo\nthr', 'ee\nfo']) yield await Promise.resolve(Buffer.from(text));
    }
    let shown = '';
    for await (const chunk of withTimestamps(chunks(), 0, () => times)) shown += chunk.toString();
    expect(shown).toBe(
      [
        '1970-01-01T00:00:01.000000000Z one',
        '1970-01-01T00:00:02.000000000Z two',
        '1970-01-01T00:00:02.000000000Z three',
        '1970-01-01T00:00:05.000000000Z fo',
      ].join('\n'),
    );
  });
});
