import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StoreBook } from './store-book.ts';
import type { StoreState } from './store-book.ts';

const second = 1_000;
const pace = { settleMs: 5 * second, restMs: 30 * second, expiryMs: 10 * second };

/** What gateways tell, each second: up (+), down (-), that they have no store (0), or nothing (blank). */
type Words = Readonly<Record<string, string>>;

/** Returns what is shown after those seconds, and when that has changed. */
function played(words: Words): { shown: StoreState | undefined; changes: number[] } {
  const book = new StoreBook(pace);
  const changes: number[] = [];
  const seconds = Math.max(...Object.values(words).map(({ length }) => length));
  for (let at = 0; at < seconds; at += 1) {
    for (const [pod, told] of Object.entries(words)) {
      const word = told[at] ?? ' ';
      if (word !== ' ') book.record(pod, word === '0' ? undefined : word === '+', at * second);
    }
    if (book.settle(at * second)) changes.push(at);
  }
  return { shown: book.shown, changes };
}

const up: StoreState = { is: 'up' };
const unknown: StoreState = { is: 'unknown' };
const down = (...gateways: string[]): StoreState => ({ is: 'down', gateways });
const downForAll: StoreState = { is: 'down', gateways: 'all' };
const silence = (seconds: number): string => ' '.repeat(seconds);
const up40 = '+'.repeat(40);

describe('what is shown of a store', () => {
  it.each<[string, Words, StoreState | undefined, number[]]>([
    ['is nothing before it has lasted', { a: '+++++' }, undefined, []],
    ['is that it answers every gateway', { a: '++++++', b: '++++++' }, up, [5]],
    ['is whom it does not answer', { b: '------', a: '------', c: '++++++' }, down('a', 'b'), [5]],
    ['is that it answers nobody, whatever they are called', { a: '------', b: '------' }, downForAll, [5]],
    ['is unknown where there is none', { a: '000000' }, unknown, [5]],
    ['is unknown where not every gateway has it', { a: '++++++', b: '000000' }, unknown, [5]],
    ['is whom it does not answer where others have none', { a: '------', b: '000000' }, down('a'), [5]],
    ['is nothing while a new leader is told nothing', { a: silence(30) }, undefined, []],
    ['is unknown when it has been told nothing for long', { a: silence(31) }, unknown, [30]],
    ['is what comes after a silence', { a: `${silence(20)}++++++` }, up, [25]],
    ['does not change for an answer that is missed', { a: `${up40}-++++-+++-----++++` }, up, [5]],
    ['changes once that has lasted', { a: `${up40}------` }, downForAll, [5, 45]],
    ['rests after a change', { a: `${'+'.repeat(8)}${'-'.repeat(28)}` }, downForAll, [5, 35]],
    ['comes back as slowly', { a: `${'-'.repeat(40)}++++++` }, up, [5, 45]],
    ['stays while a gateway that falls silent may be there', { a: up40, b: '-'.repeat(33) }, down('b'), [5]],
    ['forgets a gateway that has fallen silent', { a: '+'.repeat(60), b: '-' }, up, [5, 35]],
    ['stays while all gateways are silent for less than long', { a: `${up40}${silence(38)}` }, up, [5]],
    ['is unknown when all of them stay silent', { a: `${up40}${silence(45)}` }, unknown, [5, 80]],
    [
      'is the same while gateways come and go that it does not answer',
      { a: '-'.repeat(40), b: `${silence(20)}${'-'.repeat(60)}`, c: `${silence(50)}${'-'.repeat(50)}` },
      downForAll,
      [5],
    ],
    [
      'follows a gateway that is started anew in its pod',
      { a: `${'-'.repeat(40)}++++++`, b: '+'.repeat(46) },
      up,
      [5, 45],
    ],
  ])('%s', (_name, words, shown, changes) => {
    expect(played(words)).toEqual({ shown, changes });
  });

  it('changes every half a minute at most, whatever gateways tell', () => {
    const word = fc.constantFrom('+', '-', '0', ' ');
    const told = fc.array(word, { minLength: 200, maxLength: 200 }).map((words) => words.join(''));
    fc.assert(
      fc.property(told, told, (a, b) => {
        const { changes } = played({ a, b });
        const gaps = changes.slice(1).map((at, index) => at - changes[index]!);
        expect(Math.min(Infinity, ...gaps)).toBeGreaterThanOrEqual(30);
      }),
    );
  });
});
