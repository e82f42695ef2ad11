import { describe, expect, it } from 'vitest';
import type { Pod } from '../../kube/kinds.ts';
import { aContainer, aPod } from '../operator-fixture.ts';
import { coldStartOf } from './cold-start.ts';
import { withDefined } from './defined.ts';

const at = (seconds: number): string =>
  new Date(Date.parse('2026-01-01T00:00:00Z') + seconds * 1000).toISOString();

const started = (readyAt: number, restartCount = 0, message?: string): Pod =>
  aPod('p', 'd', {
    conditions: [
      { type: 'PodScheduled', status: 'True', lastTransitionTime: at(1) },
      { type: 'Ready', status: 'True', lastTransitionTime: at(readyAt) },
    ],
    initContainerStatuses: [
      aContainer('fetch-model', {
        terminated: { exitCode: 0, startedAt: at(2), finishedAt: at(5), ...withDefined('message', message) },
      }),
    ],
    containerStatuses: [aContainer('model', { running: { startedAt: at(6) } }, { restartCount })],
  });
const measured = { totalSeconds: 10, scheduleSeconds: 1, pullSeconds: 2, fetchSeconds: 3, loadSeconds: 4 };

describe('coldStartOf', () => {
  it('tells where the time of the start went', () => {
    expect(coldStartOf([started(10)], undefined)).toEqual(measured);
  });

  it('counts what lies between containers as pulling, whichever begins first', () => {
    const pod = aPod('p', 'd', {
      conditions: [
        { type: 'PodScheduled', status: 'True', lastTransitionTime: at(1) },
        { type: 'Ready', status: 'True', lastTransitionTime: at(40) },
      ],
      initContainerStatuses: [
        aContainer('sidecar', { running: { startedAt: at(4) } }),
        aContainer('fetch-model', { terminated: { exitCode: 0, startedAt: at(9), finishedAt: at(20) } }),
      ],
      containerStatuses: [aContainer('model', { running: { startedAt: at(27) } }, { restartCount: 0 })],
    });
    expect(coldStartOf([pod], undefined)).toEqual({
      totalSeconds: 40,
      scheduleSeconds: 1,
      pullSeconds: 3 + 5 + 7,
      fetchSeconds: 11,
      loadSeconds: 13,
    });
  });

  it.each([
    ['its report', '{"fetched":"s3://b/m","files":2,"bytes":4096}', { fetchedBytes: 4096 }],
    ['a report without a size', '{"fetched":"s3://b/m"}', {}],
    ['half a report', '{"fetched":', {}],
    ['words', 'all went well', {}],
  ])('tells what the fetcher brought where it left %s', (_name, message, told) => {
    expect(coldStartOf([started(10, 0, message)], undefined)).toEqual({ ...measured, ...told });
  });

  it.each<[string, Pod[]]>([
    ['there is no pod', []],
    ['no pod is ready', [aPod('p', 'd')]],
    ['the pod needed several attempts', [started(100, 2)]],
    ['the same pod turned unready and back', [started(500)]],
  ])('keeps what is known when %s', (_name, pods) => {
    expect(coldStartOf(pods, measured)).toEqual(measured);
  });
});
