import { expect, it } from 'vitest';
import { estimateTokens, usageOf } from './token-usage.ts';

const told = (input?: number, output?: number, total?: number) => ({ input, output, total });
const used = (inputTokens: number, outputTokens: number, estimated = false) => ({
  inputTokens,
  outputTokens,
  estimated,
});
const texts = { input: 19, output: 7 };

it.each([
  ['what is told counts', told(5, 7, 12), texts, used(5, 7)],
  ['what is left of the total was written', told(5, undefined, 12), texts, used(5, 7)],
  ['what is left of the total was read', told(undefined, 7, 12), texts, used(5, 7)],
  ['embeddings write nothing', told(8, undefined, 8), texts, used(8, 0)],
  ['a total alone is read', told(undefined, undefined, 8), texts, used(8, 0)],
  ['a total that is too small takes nothing away', told(undefined, 7, 3), texts, used(0, 7)],
  ['nothing told is estimated, and marked', told(), texts, used(5, 2, true)],
  ['half of it told is estimated, and marked', told(undefined, 9), texts, used(5, 9, true)],
  ['nothing is made up of a model that writes no language', told(), undefined, undefined],
  ['what was told of it counts all the same', told(undefined, 9), undefined, used(0, 9)],
])('%s', (_name, given, lengths, expected) => {
  expect(usageOf(given, () => lengths)).toEqual(expected);
});

it.each([
  [0, 0],
  [3, 1],
  [4, 1],
  [7, 2],
])('%i characters are about %i tokens', (characters, tokens) => {
  expect(estimateTokens(characters)).toBe(tokens);
});
