import { describe, expect, it } from 'vitest';
import { expandReferences } from './expansion.ts';

describe('a reference', () => {
  it.each([
    ['is replaced', '$(A)', '1'],
    ['is replaced in the middle', 'x$(A)y$(A)', 'x1y1'],
    ['to an unknown name stays', '$(NONE)', '$(NONE)'],
    ['that is escaped stays as text', '$$(A)', '$(A)'],
    ['behind an escaped dollar sign is replaced', '$$$(A)', '$1'],
    ['is not a lone dollar sign', '$A $ $(', '$A $ $('],
    ['to a name of every object stays', '$(constructor)', '$(constructor)'],
    ['is not looked for in what was put in', '$(REF)', '$(A)'],
  ])('%s', (_name, text, expected) => {
    expect(expandReferences(text, { A: '1', REF: '$(A)' })).toBe(expected);
  });
});
