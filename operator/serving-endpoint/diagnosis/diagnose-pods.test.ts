import { describe, expect, it } from 'vitest';
import type { Pod } from '../../../kube/kinds.ts';
import { aContainer, aPod, ended } from '../../operator-fixture.ts';
import { diagnosePods } from './diagnose-pods.ts';

const running = { running: { startedAt: '2026-01-01T00:00:00Z' } };
const backOff = { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s' } };
const waiting = (reason: string, message?: string) => ({
  waiting: { reason, ...(message === undefined ? {} : { message }) },
});
const fetcher = (...args: Parameters<typeof aContainer> extends [string, ...infer Rest] ? Rest : never) =>
  aPod('p', 'd', { initContainerStatuses: [aContainer('fetch-model', ...args)] });
const model = (...args: Parameters<typeof aContainer> extends [string, ...infer Rest] ? Rest : never) =>
  aPod('p', 'd', { containerStatuses: [aContainer('model', ...args)] });
const wasReady = {
  conditions: [
    { type: 'Initialized', status: 'True', lastTransitionTime: '2026-01-01T00:00:05Z' },
    { type: 'Ready', status: 'False', lastTransitionTime: '2026-01-01T00:10:00Z' },
  ],
};

describe('the fetcher tells what kind of failure it was', () => {
  it.each([
    ['model not found: models:/iris/9: there is nothing at this place', 'ModelNotFound', true],
    ['not a model: s3://b/x: there is no MLmodel file in what it holds', 'ModelNotFound', true],
    ['source not usable: ftp://x: unknown scheme', 'ModelNotFound', true],
    ['destination is full: /mnt/models: there is no space left', 'StorageFull', true],
    ['access denied: s3://b/x: the credentials are wrong (403)', 'ModelAccessDenied', false],
    ['cannot reach: s3://b/x: no server answers', 'ModelFetchFailed', false],
  ])('%s', (sentence, reason, isFinal) => {
    const once = diagnosePods([fetcher(ended(1, `log line\n${sentence}`))]);
    const twice = diagnosePods([fetcher(ended(1, sentence), { restartCount: 1 })]);
    expect(twice.failure?.reason).toBe(reason);
    // What may heal is tried again before it counts.
    expect(once.failure?.reason).toBe(isFinal ? reason : undefined);
  });
});

describe('a model server that is ended from outside', () => {
  const killed = (exitCode: number, reason?: string) =>
    model(backOff, { restartCount: 2, lastState: ended(exitCode, 'loading layer 3', reason) });

  it.each([
    ['while it loads: it was not ready in time', killed(137), 'ProbeFailed', /while it was loading/],
    [
      'after it was ready: it stopped answering',
      { ...killed(143), status: { ...killed(143).status, ...wasReady } },
      'ProbeFailed',
      /stopped answering its probe/,
    ],
    ['for its memory: it needs more', killed(137, 'OOMKilled'), 'OutOfMemory', /ran out of memory/],
  ])('%s', (_name, pod, reason, words) => {
    const { failure } = diagnosePods([pod]);
    expect(failure?.reason).toBe(reason);
    expect(failure?.message).toMatch(words);
  });
});

describe('a pod that was evicted', () => {
  const evicted = (message: string) => aPod('p', 'd', { phase: 'Failed', reason: 'Evicted', message });
  const replacement = model(running);

  it('for the disk that it used tells that the next one fares alike', () => {
    const said = 'Usage of EmptyDir volume "model" exceeds the limit "1Gi". ';
    expect(diagnosePods([evicted(said), replacement]).failure).toMatchObject({ reason: 'StorageFull' });
  });

  it('for its node tells nothing', () => {
    const said = 'The node was low on resource: memory.';
    expect(diagnosePods([evicted(said), replacement]).failure).toBeUndefined();
  });
});

it('a model server that runs and has turned unready does not answer its probe', () => {
  const pod = model(running, { started: true });
  const { progress } = diagnosePods([{ ...pod, status: { ...pod.status, ...wasReady } }]);
  expect(progress?.reason).toBe('ProbeFailed');
});

describe('a pod has failed', () => {
  it.each<[string, Pod, string, RegExp]>([
    [
      'when the fetcher failed twice',
      fetcher(ended(1, 'no such model'), { restartCount: 1 }),
      'ModelFetchFailed',
      /cannot be fetched: no such model/,
    ],
    [
      'when the fetcher is held back',
      fetcher(backOff, { restartCount: 1, lastState: ended(1, 'no such model') }),
      'ModelFetchFailed',
      /no such model/,
    ],
    [
      'while the fetcher has its third attempt',
      fetcher(running, { restartCount: 2, lastState: ended(1, 'no such model') }),
      'ModelFetchFailed',
      /no such model/,
    ],
    [
      'when the model server never loaded the model',
      model(backOff, { restartCount: 1, lastState: ended(1, 'cannot unpickle') }),
      'ModelLoadFailed',
      /cannot be loaded: cannot unpickle/,
    ],
    [
      'when the model server was ready and crashes',
      {
        ...model(backOff, { restartCount: 3, lastState: ended(139, 'segfault') }),
        status: {
          ...model(backOff, { restartCount: 3, lastState: ended(139, 'segfault') }).status,
          ...wasReady,
        },
      },
      'CrashLoop',
      /keeps crashing: segfault/,
    ],
    [
      'when memory ran out',
      model(backOff, { restartCount: 2, lastState: ended(137, undefined, 'OOMKilled') }),
      'OutOfMemory',
      /out of memory: choose a larger workload type/,
    ],
    [
      'when the sidecar cannot run',
      aPod('p', 'd', {
        initContainerStatuses: [
          aContainer('sidecar', backOff, { restartCount: 2, lastState: ended(1, 'CONFIG_INVALID') }),
        ],
      }),
      'SidecarFailed',
      /CONFIG_INVALID/,
    ],
    [
      'when another container of the overlay crashes',
      aPod('p', 'd', {
        containerStatuses: [aContainer('extra', backOff, { restartCount: 2, lastState: ended(1, 'oops') })],
      }),
      'CrashLoop',
      /the container "extra" keeps crashing: oops/,
    ],
    [
      'without a word, and then says where to look',
      model(backOff, { restartCount: 2, lastState: ended(3) }),
      'ModelLoadFailed',
      /exit code 3 \(Error\) and without a message; see kubectl logs -n default p -c model --previous/,
    ],
    [
      'when an image cannot be pulled',
      model(waiting('ImagePullBackOff', 'not found')),
      'ImagePullFailed',
      /runtime:1 of the model server cannot be pulled: not found/,
    ],
    [
      'when a Secret is missing',
      fetcher(waiting('CreateContainerConfigError', 'secret "s3" not found')),
      'PodConfigInvalid',
      /secret "s3" not found/,
    ],
  ])('%s', (_name, pod, reason, message) => {
    const { failure } = diagnosePods([pod]);
    expect(failure?.reason).toBe(reason);
    expect(failure?.message).toMatch(message);
  });

  it('and tells the last line first, then as many of the others as are of use', () => {
    const log = Array.from({ length: 500 }, (_, index) => `line ${index}`).join('\n');
    const { failure } = diagnosePods([
      model(backOff, { restartCount: 2, lastState: ended(1, `${log}\nthe cause\n`) }),
    ]);
    expect(failure?.message).toMatch(
      /^the model cannot be loaded: the cause\nIts last log lines:\nline \d+\n/,
    );
    expect(failure?.message).toMatch(/line 499$/);
    expect(failure?.message.length).toBeLessThan(3_000);
  });
});

describe('a pod goes on', () => {
  it.each<[string, Pod, string]>([
    ['being started', aPod('p', 'd'), 'Starting'],
    ['fetching the model', fetcher(running), 'FetchingModel'],
    ['loading the model', model(running), 'LoadingModel'],
    ['after one failure', fetcher(running, { restartCount: 1, lastState: ended(1, 'timeout') }), 'Retrying'],
    ['right after its first failure', fetcher(ended(1, 'timeout')), 'Retrying'],
    [
      'once the fetcher succeeded at its third attempt',
      fetcher(ended(0), { restartCount: 2, lastState: ended(1) }),
      'Starting',
    ],
    [
      'once the model server has recovered',
      model(running, { restartCount: 4, ready: true, lastState: ended(1) }),
      'LoadingModel',
    ],
    [
      'waiting for a node',
      aPod('p', 'd', {
        conditions: [
          { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes have a GPU' },
        ],
      }),
      'Unschedulable',
    ],
  ])('%s', (_name, pod, reason) => {
    const { failure, progress } = diagnosePods([pod]);
    expect(failure).toBeUndefined();
    expect(progress?.reason).toBe(reason);
  });
});

describe('a model that is being fetched', () => {
  it.each([
    [
      'says how far it is, where that is known',
      { pod: 'p', bytes: 3, totalBytes: 10 },
      ': 3 bytes of 10 bytes (30 %)',
    ],
    ['says no more where nothing can be told yet', { pod: 'p', bytes: 0 }, ''],
    ['says no more where nobody tells', undefined, ''],
  ])('%s', (_name, fetch, words) => {
    const { progress } = diagnosePods([fetcher(running)], fetch);
    expect(progress).toEqual({ reason: 'FetchingModel', message: `the model is being fetched${words}` });
  });
});

describe('of several pods', () => {
  const failing = fetcher(backOff, { restartCount: 2, lastState: ended(1, 'no such model') });

  it('one that has failed tells more than one that goes on', () => {
    expect(diagnosePods([aPod('new', 'd'), failing]).failure?.reason).toBe('ModelFetchFailed');
  });

  it.each<[string, Pod]>([
    [
      'is going away',
      { ...failing, metadata: { ...failing.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } },
    ],
    ['was evicted', { ...failing, status: { ...failing.status, phase: 'Failed' } }],
  ])('one that %s tells nothing', (_name, pod) => {
    expect(diagnosePods([pod])).toEqual({});
  });
});
