import { describe, expect, it } from 'vitest';
import type { Pod } from '../../kube/kinds.ts';
import { aContainer, aPod } from '../operator-fixture.ts';
import { coldStartOf } from './cold-start.ts';

const at = (seconds: number): string =>
  new Date(Date.parse('2026-01-01T00:00:00Z') + seconds * 1000).toISOString();

const started = (readyAt: number, restartCount = 0): Pod =>
  aPod('p', 'd', {
    conditions: [
      { type: 'PodScheduled', status: 'True', lastTransitionTime: at(1) },
      { type: 'Ready', status: 'True', lastTransitionTime: at(readyAt) },
    ],
    initContainerStatuses: [
      aContainer('fetch-model', { terminated: { exitCode: 0, startedAt: at(2), finishedAt: at(5) } }),
    ],
    containerStatuses: [aContainer('model', { running: { startedAt: at(6) } }, { restartCount })],
  });
const measured = { totalSeconds: 10, scheduleSeconds: 1, fetchSeconds: 3, loadSeconds: 4 };

describe('coldStartOf', () => {
  it('tells where the time of the start went', () => {
    expect(coldStartOf([started(10)], undefined)).toEqual(measured);
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
