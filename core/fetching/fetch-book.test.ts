import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FetchBook } from './fetch-book.ts';

const second = 1_000;
const pace = { perEndpointMs: 10 * second, apartMs: 100, expiryMs: 60 * second };
const totalBytes = 1_000_000;

function bookWithListener() {
  const book = new FetchBook(pace);
  const looks: string[] = [];
  book.onChange((endpoint) => looks.push(endpoint));
  const tell = (endpoint: string, pod: string, bytes: number | undefined, at: number): void =>
    book.record(endpoint, pod, bytes === undefined ? undefined : { bytes, totalBytes }, at);
  const shown = (endpoint: string): Record<string, number> =>
    Object.fromEntries([...book.shownOf(endpoint)].map(([pod, { bytes }]) => [pod, bytes]));
  return { book, looks, tell, shown };
}

describe('what is shown of a fetch', () => {
  it('is shown at once when it begins, and then stands still for ten seconds', () => {
    const { looks, tell, shown } = bookWithListener();
    for (let at = 0; at <= 25; at += 1) tell('t/a', 'p', at, at * second);
    expect(looks).toHaveLength(3);
    expect(shown('t/a')).toEqual({ p: 20 });
  });

  it('is not looked at again while nothing comes', () => {
    const { looks, tell } = bookWithListener();
    for (let at = 0; at <= 60; at += 1) tell('t/a', 'p', 5, at * second);
    expect(looks).toEqual(['t/a']);
  });

  it('has the pods of an endpoint side by side, which share its pace', () => {
    const { looks, tell, shown } = bookWithListener();
    tell('t/a', 'p', 1, 0);
    tell('t/a', 'q', 2, 1);
    expect(shown('t/a')).toEqual({ p: 1 });
    tell('t/a', 'p', 3, 10 * second);
    expect(shown('t/a')).toEqual({ p: 3, q: 2 });
    expect(looks).toHaveLength(2);
  });

  it('is gone for a pod that is through, without a look of its own', () => {
    const { looks, tell, shown } = bookWithListener();
    tell('t/a', 'p', 1, 0);
    tell('t/a', 'p', undefined, second);
    expect(shown('t/a')).toEqual({});
    expect(looks).toHaveLength(1);
  });

  it('is gone for a pod that has fallen silent', () => {
    const { tell, shown } = bookWithListener();
    tell('t/a', 'p', 1, 0);
    tell('t/b', 'q', 1, 61 * second);
    expect(shown('t/a')).toEqual({});
  });

  it('keeps its pace for who begins again and again', () => {
    const { looks, tell } = bookWithListener();
    for (let at = 0; at < 20; at += 1) tell('t/a', 'p', at % 2 === 0 ? at : undefined, at * second);
    expect(looks).toHaveLength(2);
  });

  it('is told to nobody who has stopped listening', () => {
    const book = new FetchBook(pace);
    const looks: string[] = [];
    const stop = book.onChange((endpoint) => looks.push(endpoint));
    stop();
    book.record('t/a', 'p', { bytes: 1 }, 0);
    expect(looks).toEqual([]);
  });
});

describe('a thousand endpoints that fetch at once', () => {
  it('are looked at ten times a second in all, and each in its turn', () => {
    const { looks, tell } = bookWithListener();
    const perSecond: number[] = [];
    for (let at = 0; at < 300; at += 1) {
      const before = looks.length;
      for (let index = 0; index < 1_000; index += 1) tell(`t/e${index}`, 'p', at, at * second + index / 2);
      perSecond.push(looks.length - before);
    }
    const counts = new Map<string, number>();
    for (const endpoint of looks) counts.set(endpoint, (counts.get(endpoint) ?? 0) + 1);
    expect(Math.max(...perSecond)).toBeLessThanOrEqual(11);
    expect(counts.size).toBe(1_000);
    expect([Math.min(...counts.values()), Math.max(...counts.values())]).toEqual([2, 3]);
  });
});

it('shows nothing that was not told, and no endpoint faster than its pace, whoever tells what when', () => {
  const step = fc.record({
    endpoint: fc.constantFrom('t/a', 't/b', 't/c'),
    pod: fc.constantFrom('p', 'q'),
    bytes: fc.option(fc.nat(5), { nil: undefined }),
    elapsed: fc.nat(8 * second),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const { book, tell, shown } = bookWithListener();
      const lookedAt = new Map<string, number>();
      const told = new Map<string, Set<number>>();
      let now = 0;
      book.onChange((endpoint) => {
        expect(now - (lookedAt.get(endpoint) ?? -Infinity)).toBeGreaterThanOrEqual(pace.perEndpointMs);
        lookedAt.set(endpoint, now);
      });
      for (const { endpoint, pod, bytes, elapsed } of steps) {
        now += elapsed;
        const name = `${endpoint} ${pod}`;
        if (bytes !== undefined) told.set(name, (told.get(name) ?? new Set()).add(bytes));
        tell(endpoint, pod, bytes, now);
        for (const [seen, count] of Object.entries(shown(endpoint))) {
          expect(told.get(`${endpoint} ${seen}`)).toContain(count);
        }
      }
    }),
  );
});
