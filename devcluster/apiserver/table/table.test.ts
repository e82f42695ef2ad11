import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../objects/kube-object.ts';
import { customColumn, durationText } from './columns.ts';
import { parseJsonPath } from './json-path.ts';
import { podColumns } from './pod-columns.ts';

describe('a JSONPath', () => {
  const object = {
    spec: { a: { b: 1 }, list: [{ n: 'x' }, { n: 'y' }], 'dotted.name': 2 },
    status: {
      conditions: [
        { type: 'Ready', status: 'True' },
        { type: 'Other', status: 'False' },
      ],
    },
  };
  it.each([
    ['.spec.a.b', [1]],
    ['{.spec.a.b}', [1]],
    ['.spec.list[0].n', ['x']],
    ['.spec.list[-1].n', ['y']],
    ['.spec.list[*].n', ['x', 'y']],
    [".spec['dotted.name']", [2]],
    ['.spec.dotted\\.name', [2]],
    ['.status.conditions[?(@.type=="Ready")].status', ['True']],
    [".status.conditions[?(@.type!='Ready')].status", ['False']],
    ['.spec.missing.b', []],
  ])('%s reads %j', (path, expected) => {
    expect(parseJsonPath(path)?.(object)).toEqual(expected);
  });

  it.each(['spec.a', '.spec[', '.spec[?(@.a)]', '.spec..a'])('%s cannot be parsed', (path) => {
    expect(parseJsonPath(path)).toBeUndefined();
  });
});

describe('a duration', () => {
  const second = 1_000;
  const minute = 60 * second;
  const hour = 60 * minute;
  const day = 24 * hour;
  it.each([
    [0, '0s'],
    [-500, '0s'],
    [-5 * second, '<invalid>'],
    [119 * second, '119s'],
    [2 * minute, '2m'],
    [9 * minute + 5 * second, '9m5s'],
    [10 * minute + 5 * second, '10m'],
    [3 * hour + 5 * minute, '3h5m'],
    [9 * hour + 5 * minute, '9h'],
    [2 * day + 3 * hour, '2d3h'],
    [9 * day, '9d'],
    [800 * day, '2y70d'],
    [9 * 365 * day, '9y'],
  ])('of %d ms reads %s', (milliseconds, expected) => {
    expect(durationText(milliseconds)).toBe(expected);
  });
});

describe('a custom column', () => {
  const boat = {
    metadata: { name: 'b' },
    spec: { at: '2026-01-01T00:00:00Z', n: 3, list: ['a', 'b'] },
  } as unknown as KubeObject;
  const now = Date.parse('2026-01-01T00:05:00Z');
  it.each([
    ['an integer as it is', { type: 'integer', jsonPath: '.spec.n' }, 3],
    ['an integer as text', { type: 'string', jsonPath: '.spec.n' }, '3'],
    ['a date as an age', { type: 'date', jsonPath: '.spec.at' }, '5m'],
    ['several values, joined', { type: 'string', jsonPath: '.spec.list[*]' }, 'a,b'],
    ['nothing for an absent number', { type: 'integer', jsonPath: '.spec.x' }, null],
    ['an empty text for an absent text', { type: 'string', jsonPath: '.spec.x' }, ''],
  ])('shows %s', (_name, column, expected) => {
    expect(customColumn({ name: 'c', ...column }).cell(boat, now)).toBe(expected);
  });
});

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
