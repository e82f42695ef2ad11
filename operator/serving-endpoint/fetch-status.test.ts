import { describe, expect, it } from 'vitest';
import type { FetchProgress } from '../../core/fetching/fetch-progress.ts';
import { aContainer, aPod, ended } from '../operator-fixture.ts';
import { describeFetch, fetchOf } from './fetch-status.ts';
import type { FetchStatus } from './fetch-status.ts';

const running = { running: { startedAt: '2026-01-01T00:00:00Z' } };
const fetching = (name: string) =>
  aPod(name, 'd', {
    initContainerStatuses: [aContainer('sidecar', running), aContainer('fetch-model', running)],
  });
const through = (name: string) =>
  aPod(name, 'd', { initContainerStatuses: [aContainer('fetch-model', ended(0, '{}'))] });
const going = (name: string) => {
  const pod = fetching(name);
  return { ...pod, metadata: { ...pod.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } };
};
const told = (pods: Record<string, FetchProgress>) => new Map(Object.entries(pods));
const half = { bytes: 5, totalBytes: 10 };

describe('the row of an entity', () => {
  it.each([
    ['tells how far its pod is', [fetching('a')], told({ a: half }), undefined, { pod: 'a', ...half }],
    ['tells nothing of a pod that is through', [through('a')], told({ a: half }), undefined, undefined],
    ['tells nothing of a pod that goes away', [going('a')], told({ a: half }), undefined, undefined],
    ['tells nothing where no sidecar does', [fetching('a')], told({}), undefined, undefined],
    ['tells nothing of a pod of another entity', [fetching('a')], told({ b: half }), undefined, undefined],
    [
      'tells of the pod that has most of the model',
      [fetching('a'), fetching('b')],
      told({ a: half, b: { bytes: 6, totalBytes: 10 } }),
      undefined,
      { pod: 'b', bytes: 6, totalBytes: 10 },
    ],
    [
      'tells of the first by name where two are equally far',
      [fetching('b'), fetching('a')],
      told({ a: half, b: half }),
      undefined,
      { pod: 'a', ...half },
    ],
    [
      'goes on with what it says of a pod that a new leader has not heard of',
      [fetching('a')],
      told({}),
      { pod: 'a', ...half },
      { pod: 'a', ...half },
    ],
    ['forgets it once that pod is through', [through('a')], told({}), { pod: 'a', ...half }, undefined],
    ['forgets it with that pod', [fetching('b')], told({}), { pod: 'a', ...half }, undefined],
    [
      'tells what is new in place of what it said, also where that is less',
      [fetching('a')],
      told({ a: { bytes: 1 } }),
      { pod: 'a', ...half },
      { pod: 'a', bytes: 1 },
    ],
  ])('%s', (_name, pods, progress, previous: FetchStatus | undefined, expected) => {
    expect(fetchOf(pods, progress, previous)).toEqual(expected);
  });
});

const MiB = 2 ** 20;
const GiB = 2 ** 30;

describe('in words it is', () => {
  it.each<[string | undefined, FetchProgress]>([
    ['1.2 GiB of 4.0 GiB (30 %)', { bytes: 1.2 * GiB + 1, totalBytes: 4 * GiB }],
    ['0 bytes of 4.0 GiB (0 %)', { bytes: 0, totalBytes: 4 * GiB }],
    ['4.0 GiB of 4.0 GiB (99 %)', { bytes: 4 * GiB - 1, totalBytes: 4 * GiB }],
    ['4.0 GiB of 4.0 GiB (100 %)', { bytes: 4 * GiB, totalBytes: 4 * GiB }],
    ['5.0 GiB of 4.0 GiB (100 %)', { bytes: 5 * GiB, totalBytes: 4 * GiB }],
    ['512 bytes of 1.5 KiB (33 %)', { bytes: 512, totalBytes: 1536 }],
    ['1023 bytes of 1.0 MiB (0 %)', { bytes: 1023, totalBytes: MiB - 1 }],
    ['700.0 MiB so far', { bytes: 700 * MiB }],
    ['1024.0 TiB so far', { bytes: 2 ** 50 }],
    [undefined, { bytes: 0 }],
    [undefined, { bytes: 0, totalBytes: 0 }],
  ])('%s', (words, progress) => {
    expect(describeFetch({ pod: 'a', ...progress })).toBe(words);
  });
});
