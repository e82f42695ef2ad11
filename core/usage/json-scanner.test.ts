import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonKeys } from './json-keys.ts';
import { JsonScanner } from './json-scanner.ts';
import type { JsonReader } from './json-scanner.ts';
import { cutAnywhere, escapedJson } from './pieces-fixture.ts';

const names = ['a', 'usage', 'b1', '[x]'];
const keys = new JsonKeys(names);

type Found = readonly [path: string, value: number | string];

/** What the scanner finds: numbers, and of strings the text and its length. */
function scan(pieces: readonly Buffer[]): Found[] {
  const found: Found[] = [];
  const reader: JsonReader = {
    interestIn: () => 'keep',
    wantsNumber: () => true,
    onString: ({ keys, depth }, characters, text) =>
      found.push([keys.slice(0, depth).join('/'), text ?? `(${characters})`], [`length`, characters]),
    onNumber: ({ keys, depth }, value) => found.push([keys.slice(0, depth).join('/'), value]),
  };
  const scanner = new JsonScanner(reader, keys);
  for (const piece of pieces) scanner.feed(piece);
  // A number at the very end of a document is ended by what follows.
  scanner.feed(Buffer.from(' '));
  return found;
}

/** The same, of what JSON.parse makes of it. */
function walk(value: unknown, path: readonly string[] = []): Found[] {
  const at = path.join('/');
  if (typeof value === 'number') return [[at, value]];
  if (typeof value === 'string') {
    const { length } = Array.from(value);
    const isShort = Buffer.byteLength(JSON.stringify(value)) < 300;
    return [
      [at, isShort ? value : `(${length})`],
      ['length', length],
    ];
  }
  if (Array.isArray(value)) return value.flatMap((item) => walk(item, [...path, '[]']));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) =>
    walk(item, [...path, names.includes(key) ? key : '']),
  );
}

const known = fc.oneof(fc.constantFrom(...names), fc.string({ unit: 'grapheme', maxLength: 5 }));
const json = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(
      fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.string({ minLength: 600, maxLength: 900 }),
    ),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(known, tie('value'), { maxKeys: 4 }),
  ),
})).value;

describe('JsonScanner', () => {
  it('finds what JSON.parse finds, however the document is written and cut', () => {
    fc.assert(
      fc.property(json.chain(escapedJson), fc.infiniteStream(fc.nat(20)), (text, cuts) => {
        const expected = walk(JSON.parse(text));
        const long = expected.filter(([, it]) => typeof it === 'string' && it.startsWith('('));
        const found = scan(cutAnywhere(text, cuts));
        // Long strings are kept up to a bound of bytes that depends on how they are written.
        if (long.length === 0) expect(found).toEqual(expected);
        expect(found.map(([at]) => at)).toEqual(expected.map(([at]) => at));
      }),
    );
  });

  it('counts half a surrogate pair as one character, as JavaScript does', () => {
    for (const text of ['\\ud83d', '\\ude00', '\\ud83d\\ude00', '\\ud83dx\\ude00', '\\ud83d\\n\\ude00']) {
      const parsed = JSON.parse(`"${text}"`) as string;
      expect(scan([Buffer.from(`"${text}"`)])[1]).toEqual(['length', Array.from(parsed).length]);
    }
  });

  it('bears anything', () => {
    const broken = fc
      .tuple(fc.json(), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }))
      .map(([text, changes]) => {
        const bytes = Buffer.from(text);
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(broken, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        scan([Buffer.from(bytes)]);
      }),
    );
  });

  it.each([
    ['deeper than any answer', '['.repeat(600)],
    ['a number without end', '1'.repeat(10_000)],
    ['a key without end', `{"${'k'.repeat(10_000)}":1}`],
  ])('keeps little of %s', (_name, text) => {
    expect(scan([Buffer.from(text)]).length).toBeLessThan(2);
  });
});
