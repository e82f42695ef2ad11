import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { publicId } from './public-id.ts';

it.each(['r-1', 'a/b:c=d+e', '8c2f41d0-1f7a-4a4c-9d59-0b7f0f2f7c11', '4bf92f3577b34da6a3ce929d0e0e4736'])(
  '%s is shown as it is',
  (id) => {
    expect(publicId(id)).toBe(id);
  },
);

it('what may be a secret is shown as its hash, by which those who know it find it', () => {
  const id = 'sk-abcdefgh';
  expect(publicId(id)).toBe(`sha256:${createHash('sha256').update(id).digest('hex').slice(0, 16)}`);
});

it('no secret of a usual form is shown', () => {
  const letters = (min: number, max: number) =>
    fc.stringMatching(new RegExp(`^[A-Za-z0-9_-]{${min},${max}}$`));
  const secret = fc.oneof(
    fc.tuple(letters(20, 40), letters(20, 40), letters(20, 43)).map((parts) => `eyJ${parts.join('.')}`),
    fc
      .tuple(fc.constantFrom('sk-', 'ghp_', 'hf_', 'dapi', 'xoxb-', 'AKIA', 'glpat-'), letters(8, 100))
      .map(([prefix, rest]) => prefix + rest),
    letters(37, 128),
    letters(4, 20).map((rest) => `Bearer:${rest}`),
  );
  fc.assert(
    fc.property(secret, (id) => {
      expect(publicId(id)).toMatch(/^sha256:[0-9a-f]{16}$/);
    }),
  );
});
