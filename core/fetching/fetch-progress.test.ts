import { describe, expect, it } from 'vitest';
import { isTelling, parseFetchProgress } from './fetch-progress.ts';

describe('a progress file', () => {
  it.each([
    ['so many bytes of so many', '{"bytes":5,"totalBytes":10}\n', { bytes: 5, totalBytes: 10 }],
    ['so many bytes, where nobody knows of how many', '{"bytes":5}', { bytes: 5 }],
    ['that it has begun', '{"bytes": 0, "totalBytes": 0}', { bytes: 0, totalBytes: 0 }],
    ['more than is known here, which is left aside', '{"bytes":5,"files":[1]}', { bytes: 5 }],
    ['a pebibyte, the most that counts', '{"bytes":1125899906842624}', { bytes: 2 ** 50 }],
  ])('says %s', (_what, text, said) => {
    expect(parseFetchProgress(text)).toEqual(said);
  });

  it.each([
    ['is empty', ''],
    ['was cut off', '{"bytes":5,'],
    ['is no object', '5'],
    ['is null', 'null'],
    ['is a list', '[{"bytes":5}]'],
    ['does not say how many', '{"totalBytes":10}'],
    ['says less than none', '{"bytes":-1}'],
    ['says half a byte', '{"bytes":1.5}'],
    ['says it in words', '{"bytes":"5"}'],
    ['says more than any model has', '{"bytes":1125899906842625}'],
    ['says a total below none', '{"bytes":5,"totalBytes":-10}'],
    ['says infinity', '{"bytes":1e999}'],
    ['is longer than any', `{"bytes":5${' '.repeat(256)}}`],
  ])('that %s says nothing', (_what, text) => {
    expect(parseFetchProgress(text)).toBeUndefined();
  });
});

describe('a fetch of which', () => {
  it.each([
    ['so many bytes are there can be shown', { bytes: 1 }, true],
    ['the size is known can be shown', { bytes: 0, totalBytes: 10 }, true],
    ['neither is known has nothing to show', { bytes: 0 }, false],
  ])('%s', (_what, progress, telling) => {
    expect(isTelling(progress)).toBe(telling);
  });
});
