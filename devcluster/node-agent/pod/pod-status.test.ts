import { describe, expect, it } from 'vitest';
import { aPod, testEpoch } from '../../controllers/objects/object-builders.ts';
import type { Pod, PodCondition } from '../../controllers/objects/kinds.ts';
import { timestamp } from '../../controllers/objects/kinds.ts';
import type { ContainerRole, ContainerState, State } from './container-state.ts';
import { makePodStatus } from './pod-status.ts';

const waiting: State = { kind: 'waiting', reason: 'ContainerCreating' };
const running: State = { kind: 'running', startedAt: testEpoch, containerID: 'fairlead://1' };
const end = {
  exitCode: 1,
  reason: 'Error',
  message: 'boom',
  startedAt: testEpoch,
  finishedAt: testEpoch + 1_000,
  containerID: 'fairlead://0',
};
const ended = (exitCode: number): State => ({ kind: 'terminated', ...end, exitCode });

function container(
  name: string,
  role: ContainerRole,
  state: State,
  ready = false,
  last?: typeof end,
): ContainerState {
  const known = { container: { name, image: 'i' }, role, state, restartCount: 0, started: ready, ready };
  return last === undefined ? known : { ...known, last };
}

function status(containers: ContainerState[], pod: Pod = aPod('web'), outcome?: 'Succeeded' | 'Failed') {
  const addresses = { podIP: '127.66.0.2', hostIP: '127.0.0.1' };
  return makePodStatus({ pod, containers, addresses, outcome, startTime: testEpoch, now: testEpoch });
}

function condition(made: ReturnType<typeof status>, type: string): PodCondition | undefined {
  return made.conditions?.find((known) => known.type === type);
}

describe('the phase of a pod', () => {
  it.each<[string, ContainerState[], string]>([
    ['is Pending before its containers ran', [container('a', 'main', waiting)], 'Pending'],
    [
      'is Pending while it initialises',
      [container('i', 'init', running), container('a', 'main', waiting)],
      'Pending',
    ],
    [
      'is Pending while a sidecar is missing',
      [container('s', 'sidecar', waiting), container('a', 'main', waiting)],
      'Pending',
    ],
    [
      'is Running with its containers',
      [container('i', 'init', ended(0)), container('a', 'main', running)],
      'Running',
    ],
    ['is Running while one waits to restart', [container('a', 'main', waiting, false, end)], 'Running'],
    [
      'is Pending while one of two never ran',
      [container('a', 'main', running), container('b', 'main', waiting)],
      'Pending',
    ],
  ])('%s', (_name, containers, expected) => {
    expect(status(containers).phase).toBe(expected);
  });

  it('is the outcome when it is over', () => {
    const made = status([container('a', 'main', ended(0))], aPod('web'), 'Succeeded');
    expect(made.phase).toBe('Succeeded');
    expect(condition(made, 'Ready')).toMatchObject({ status: 'False', reason: 'PodCompleted' });
  });
});

describe('the conditions of a pod', () => {
  it('name what is not ready', () => {
    const made = status([container('s', 'sidecar', running), container('a', 'main', running, true)]);
    const message = 'containers with unready status: [s]';
    expect(condition(made, 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotReady',
      message,
    });
    expect(condition(made, 'ContainersReady')).toMatchObject({ status: 'False', message });
    expect(condition(made, 'Initialized')).toMatchObject({
      status: 'False',
      reason: 'ContainersNotInitialized',
      message: 'containers with incomplete status: [s]',
    });
  });

  it('are all True when everything is ready', () => {
    const made = status([container('s', 'sidecar', running, true), container('a', 'main', running, true)]);
    expect(made.conditions?.filter((known) => known.status !== 'True')).toEqual([]);
  });

  it('wait for readiness gates', () => {
    const pod = aPod('web', { spec: { readinessGates: [{ conditionType: 'example.com/gate' }] } });
    const containers = [container('a', 'main', running, true)];
    expect(condition(status(containers, pod), 'Ready')).toMatchObject({
      status: 'False',
      reason: 'ReadinessGatesNotReady',
    });
    const open = { ...pod, status: { conditions: [{ type: 'example.com/gate', status: 'True' }] } };
    const made = status(containers, open);
    expect(condition(made, 'Ready')?.status).toBe('True');
    expect(condition(made, 'example.com/gate')?.status).toBe('True');
  });

  it('keep their time while they stay the same', () => {
    const before = timestamp(testEpoch - 60_000);
    const pod: Pod = {
      ...aPod('web'),
      status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: before }] },
    };
    expect(condition(status([container('a', 'main', running, true)], pod), 'Ready')?.lastTransitionTime).toBe(
      before,
    );
    const unready = status([container('a', 'main', running)], pod);
    expect(condition(unready, 'Ready')?.lastTransitionTime).toBe(timestamp(testEpoch));
  });
});

describe('the status of a container', () => {
  it('tells how the instance before ended', () => {
    const made = status([
      container('a', 'main', { kind: 'waiting', reason: 'CrashLoopBackOff', message: 'm' }, false, end),
    ]);
    expect(made.containerStatuses?.[0]).toMatchObject({
      name: 'a',
      state: { waiting: { reason: 'CrashLoopBackOff', message: 'm' } },
      lastState: {
        terminated: {
          exitCode: 1,
          reason: 'Error',
          message: 'boom',
          finishedAt: timestamp(testEpoch + 1_000),
        },
      },
      containerID: 'fairlead://0',
      ready: false,
      started: false,
    });
  });

  it('is ready for an init container that succeeded', () => {
    const made = status([container('i', 'init', ended(0)), container('a', 'main', running, true)]);
    expect(made.initContainerStatuses?.[0]).toMatchObject({ name: 'i', ready: true, started: false });
    expect(made.containerStatuses?.[0]).toMatchObject({ ready: true, started: true });
  });
});

describe('what a pod was told to be', () => {
  const told = (
    role: 'initContainerStatuses' | 'containerStatuses',
    restartPolicy: string,
    exitCode: number,
  ) => {
    const pod = aPod('web', { metadata: { generation: 3 }, spec: { restartPolicy } });
    const before = { name: 'a', image: 'i', imageID: 'i', ready: false, restartCount: 0 };
    const terminated = { exitCode, reason: 'Completed' };
    return { ...pod, status: { ...pod.status, [role]: [{ ...before, state: { terminated } }] } };
  };

  it.each<[string, ContainerRole, string, number, boolean]>([
    ['an init container that succeeded', 'init', 'Always', 0, true],
    ['an init container that failed', 'init', 'Always', 1, false],
    ['a sidecar', 'sidecar', 'Never', 0, false],
    ['a container that is always restarted', 'main', 'Always', 0, false],
    ['a container that is never restarted', 'main', 'Never', 1, true],
    ['a container that is restarted when it fails', 'main', 'OnFailure', 0, true],
  ])('stays ended when the node comes back: %s', (_name, role, policy, exitCode, expected) => {
    const list = role === 'main' ? 'containerStatuses' : 'initContainerStatuses';
    const made = status([container('a', role, running)], told(list, policy, exitCode));
    expect(made[list]?.[0]?.state?.terminated?.exitCode === exitCode).toBe(expected);
  });

  it('says which state of the spec it is about', () => {
    const made = status([container('a', 'main', running)], told('containerStatuses', 'Always', 0));
    expect(made.observedGeneration).toBe(3);
    expect(condition(made, 'Ready')?.observedGeneration).toBe(3);
  });

  it('keeps the fields of a condition that an API server adds', () => {
    const pod = aPod('web');
    const [ready] = pod.status?.conditions ?? [];
    const known = { ...pod, status: { conditions: [{ ...ready, lastProbeTime: null }] } } as unknown as Pod;
    const made = status([container('a', 'main', running)], known);
    expect(condition(made, 'Ready')).toMatchObject({ lastProbeTime: null });
  });
});
