/** Owns the proof that a watch reads the same however its bytes are cut, and that nothing malformed passes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readWatchEvents } from './watch-stream.ts';
import type { WatchEvent } from './watch-stream.ts';

async function read(chunks: readonly (string | Uint8Array)[], maxLineBytes?: number): Promise<WatchEvent[]> {
  const events: WatchEvent[] = [];
  const body = async function* (): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk));
  };
  for await (const event of readWatchEvents(body(), maxLineBytes)) events.push(event);
  return events;
}

const line = (name: string): string => JSON.stringify({ type: 'ADDED', object: { metadata: { name } } });

describe('a watch stream', () => {
  it('is the same events however its bytes are cut', async () => {
    const names = fc.array(fc.string({ unit: 'grapheme', maxLength: 8 }), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(names, fc.array(fc.nat(300), { maxLength: 10 }), async (written, cuts) => {
        const bytes = Buffer.from(written.map((name) => `${line(name)}\n`).join(''));
        const positions = [
          0,
          ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b),
          bytes.length,
        ];
        const chunks = positions.slice(1).map((end, index) => bytes.subarray(positions[index], end));
        const events = await read(chunks);
        expect(events.map(({ object }) => (object['metadata'] as { name: string }).name)).toEqual(written);
      }),
    );
  });

  it('drops a last line that the end of the connection cut off', async () => {
    await expect(read([`${line('a')}\n`, line('b').slice(0, 20)])).resolves.toHaveLength(1);
  });

  it('passes over empty lines', async () => {
    await expect(read([`\n${line('a')}\r\n\n`])).resolves.toHaveLength(1);
  });

  it.each([
    ['a line that is not JSON', ['<html>\n']],
    ['JSON that is not an object', ['7\n']],
    ['null', ['null\n']],
    ['an event of an unknown type', ['{"type":"PATCHED","object":{}}\n']],
    ['an event without an object', ['{"type":"ADDED"}\n']],
    ['an event whose object is null', ['{"type":"ADDED","object":null}\n']],
  ])('ends at %s', async (_row, chunks) => {
    await expect(read(chunks)).rejects.toMatchObject({ code: 'KUBE_WATCH_MALFORMED', retryable: true });
  });

  it('yields what came before a malformed line', async () => {
    const events: WatchEvent[] = [];
    const body = async function* (): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.from(`${line('a')}\nnonsense\n`));
    };
    const reading = (async () => {
      for await (const event of readWatchEvents(body())) events.push(event);
    })();
    await expect(reading).rejects.toThrow('not JSON');
    expect(events).toHaveLength(1);
  });

  it.each([
    ['in one chunk', ['x'.repeat(101)]],
    ['in many', Array.from({ length: 11 }, () => 'x'.repeat(10))],
    ['with its end in the last chunk', ['x'.repeat(60), `${'x'.repeat(60)}\n`]],
  ])('does not keep a line beyond its bound, %s', async (_row, chunks) => {
    await expect(read(chunks, 100)).rejects.toThrow('longer than 100 bytes');
  });
});
