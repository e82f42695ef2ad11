import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../objects/kube-object.ts';
import { podColumns } from './pod-columns.ts';

describe('the status of a pod', () => {
  const show = (
    status: object,
    spec: object = { containers: [{ name: 'c' }] },
    metadata: object = {},
  ): unknown[] => {
    const pod = { metadata: { name: 'p', ...metadata }, spec, status } as unknown as KubeObject;
    return podColumns.slice(0, 3).map((column) => column.cell(pod, 0));
  };
  const running = { name: 'c', ready: true, restartCount: 0, state: { running: {} } };

  it.each([
    ['its phase while nothing runs', show({ phase: 'Pending' }), ['0/1', 'Pending', '0']],
    ['Running', show({ phase: 'Running', containerStatuses: [running] }), ['1/1', 'Running', '0']],
    [
      'why a container waits',
      show({
        phase: 'Running',
        containerStatuses: [
          { ...running, ready: false, restartCount: 2, state: { waiting: { reason: 'CrashLoopBackOff' } } },
        ],
      }),
      ['0/1', 'CrashLoopBackOff', '2'],
    ],
    [
      'the exit code of a container that ended without a reason',
      show({ phase: 'Failed', containerStatuses: [{ name: 'c', state: { terminated: { exitCode: 3 } } }] }),
      ['0/1', 'ExitCode:3', '0'],
    ],
    [
      'which init container runs',
      show(
        {
          phase: 'Pending',
          initContainerStatuses: [
            { name: 'i', state: { terminated: { exitCode: 0 } } },
            { name: 'j', state: { running: {} } },
          ],
        },
        { containers: [{ name: 'c' }], initContainers: [{ name: 'i' }, { name: 'j' }] },
      ),
      ['0/1', 'Init:1/2', '0'],
    ],
    [
      'how an init container failed',
      show(
        {
          phase: 'Pending',
          initContainerStatuses: [{ name: 'i', state: { terminated: { exitCode: 1, reason: 'Error' } } }],
        },
        { containers: [{ name: 'c' }], initContainers: [{ name: 'i' }] },
      ),
      ['0/1', 'Init:Error', '0'],
    ],
    [
      'native sidecars among its containers',
      show(
        {
          phase: 'Running',
          containerStatuses: [running],
          initContainerStatuses: [
            { name: 's', ready: true, started: true, restartCount: 1, state: { running: {} } },
          ],
        },
        { containers: [{ name: 'c' }], initContainers: [{ name: 's', restartPolicy: 'Always' }] },
      ),
      ['2/2', 'Running', '1'],
    ],
    [
      'that it ends',
      show(
        { phase: 'Running', containerStatuses: [running] },
        { containers: [{ name: 'c' }] },
        { deletionTimestamp: '2026-01-01T00:00:00Z' },
      ),
      ['1/1', 'Terminating', '0'],
    ],
  ])('says %s', (_name, cells, expected) => {
    expect(cells).toEqual(expected);
  });
});
