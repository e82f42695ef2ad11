import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SharedParts } from './shared-parts.ts';

const json = fc.jsonValue({ maxDepth: 4 });
const long = (end: string): string => `a text longer than what parsers share: ${end}`;

describe('a shared value', () => {
  it('equals the one that was given, whatever that is', () => {
    fc.assert(
      fc.property(fc.array(json, { maxLength: 6 }), (values) => {
        const parts = new SharedParts();
        for (const value of values) expect(parts.share(structuredClone(value))).toEqual(value);
      }),
    );
  });

  it('equals the one that was given, also where the memory is so small that it forgets all the time', () => {
    fc.assert(
      fc.property(fc.array(json, { maxLength: 20 }), (values) => {
        const parts = new SharedParts(2);
        for (const value of values) expect(parts.share(structuredClone(value))).toEqual(value);
      }),
    );
  });

  it('is the very same object as an equal one before it', () => {
    fc.assert(
      fc.property(fc.object(), (value) => {
        const parts = new SharedParts();
        expect(parts.share(structuredClone(value))).toBe(parts.share(structuredClone(value)));
      }),
    );
  });

  it('has the parts of another that it differs from elsewhere', () => {
    const parts = new SharedParts();
    const spec = { containers: [{ name: 'model', args: [long('1')] }] };
    const one = parts.share({ metadata: { name: 'one' }, spec: structuredClone(spec) });
    const two = parts.share({ metadata: { name: 'two' }, spec: structuredClone(spec) });
    expect(one).not.toBe(two);
    expect(one.spec).toBe(two.spec);
  });

  it('is frozen to the bottom', () => {
    const shared = new SharedParts().share({ metadata: { labels: { app: 'x' } } });
    expect(() => (shared.metadata.labels.app = 'y')).toThrow(TypeError);
  });

  it.each([
    ['an empty list and an empty object', [], {}],
    ['a list and an object with its indexes as names', ['x'], { 0: 'x' }],
    ['a number and its text', { port: 80 }, { port: '80' }],
    ['null and its text', { value: null }, { value: 'null' }],
    ['a missing field and one more', { a: 1 }, { a: 1, b: 2 }],
    [
      'texts that differ in their middle only',
      { text: `${'a'.repeat(40)}x${'b'.repeat(40)}` },
      { text: `${'a'.repeat(40)}y${'b'.repeat(40)}` },
    ],
  ])('keeps %s apart', (_row, left, right) => {
    const parts = new SharedParts();
    expect(parts.share(structuredClone(left))).toEqual(left);
    expect(parts.share(structuredClone(right))).toEqual(right);
  });

  it('may be given again', () => {
    const parts = new SharedParts();
    const shared = parts.share({ spec: { replicas: 1 } });
    expect(parts.share(shared)).toBe(shared);
  });
});
