import { describe, expect, it } from 'vitest';
import type { BackOff } from './back-off.ts';
import { defaultBackOff } from './back-off.ts';
import type { ContainerRole, ContainerState, State } from './container-state.ts';
import { planPod } from './plan.ts';

const now = 1_000_000;
const waiting: State = { kind: 'waiting', reason: 'PodInitializing' };
const running: State = { kind: 'running', startedAt: now, containerID: 'x' };
const ended = (exitCode: number, finishedAt = now): State => ({
  kind: 'terminated',
  exitCode,
  reason: '',
  message: '',
  startedAt: now,
  finishedAt,
  containerID: 'x',
});

function container(
  name: string,
  role: ContainerRole,
  state: State,
  more: Partial<Pick<ContainerState, 'started' | 'backOff' | 'retryAt' | 'last'>> = {},
): ContainerState {
  return { container: { name }, role, state, restartCount: 0, started: false, ready: false, ...more };
}

function plan(containers: ContainerState[], restartPolicy = 'Always') {
  const planned = planPod({ restartPolicy }, containers, now, defaultBackOff);
  return {
    start: planned.start.map((known) => known.container.name),
    backingOff: planned.backingOff.map(({ known }) => known.container.name),
    outcome: planned.outcome,
    wakeAt: planned.wakeAt,
  };
}

const crashed: BackOff = { delayMs: 10_000, at: now };
const init = (state: State) => container('init', 'init', state);
const side = (state: State, started = false) => container('side', 'sidecar', state, { started });
const main = (state: State) => container('main', 'main', state);

describe('the next containers of a pod', () => {
  it.each<[string, ContainerState[], string[]]>([
    ['are all main containers together', [main(waiting), container('b', 'main', waiting)], ['main', 'b']],
    [
      'are the first init container alone',
      [init(waiting), container('i2', 'init', waiting), main(waiting)],
      ['init'],
    ],
    ['are none while an init container runs', [init(running), main(waiting)], []],
    [
      'are the next when an init container succeeded',
      [init(ended(0)), container('i2', 'init', waiting), main(waiting)],
      ['i2'],
    ],
    ['are the main ones after all init containers', [init(ended(0)), main(waiting)], ['main']],
    ['are an init container again that failed', [init(ended(1)), main(waiting)], ['init']],
    ['are a sidecar before what follows', [side(waiting), init(waiting), main(waiting)], ['side']],
    ['are none while a sidecar has not started', [side(running), main(waiting)], []],
    [
      'are what follows a sidecar that has started',
      [side(running, true), init(waiting), main(waiting)],
      ['init'],
    ],
    ['are a sidecar again that ended, whatever its exit code', [side(ended(0)), main(running)], ['side']],
    ['are main containers beside a sidecar that restarts', [side(running), main(ended(1))], ['main']],
    ['are main containers again that succeeded', [main(ended(0))], ['main']],
    ['are none when all run', [side(running, true), main(running)], []],
  ])('%s', (_name, containers, expected) => {
    expect(plan(containers)).toMatchObject({ start: expected, outcome: undefined });
  });

  it('wait for the back-off of one that crashed again', () => {
    const known = container('main', 'main', ended(1), { backOff: crashed });
    expect(plan([known])).toEqual({
      start: [],
      backingOff: ['main'],
      outcome: undefined,
      wakeAt: now + 10_000,
    });
  });

  it('wait for what is missing without a back-off', () => {
    const known = container('main', 'main', waiting, { retryAt: now + 5 });
    expect(plan([known])).toEqual({ start: [], backingOff: [], outcome: undefined, wakeAt: now + 5 });
  });
});

describe('the outcome of a pod', () => {
  it.each<[string, string, ContainerState[], string | undefined]>([
    ['is open while a container runs', 'Never', [main(running), container('b', 'main', ended(0))], undefined],
    ['is success when all succeeded', 'Never', [main(ended(0))], 'Succeeded'],
    ['is failure when one failed', 'Never', [main(ended(0)), container('b', 'main', ended(3))], 'Failed'],
    ['is failure when an init container failed', 'Never', [init(ended(1)), main(waiting)], 'Failed'],
    ['is success with OnFailure when all succeeded', 'OnFailure', [main(ended(0))], 'Succeeded'],
    ['is open with OnFailure when one failed', 'OnFailure', [main(ended(1))], undefined],
    ['is open with Always, whatever happened', 'Always', [main(ended(0))], undefined],
    ['does not ask for sidecars', 'Never', [side(running, true), main(ended(0))], 'Succeeded'],
  ])('%s', (_name, policy, containers, expected) => {
    expect(plan(containers, policy).outcome).toBe(expected);
  });
});
