/** Owns what the agent knows about one container of a pod, and how that is told in the pod's status. */
import type { Container, ContainerStatus, PodSpec, PodStatus } from '../../controllers/objects/kinds.ts';
import { timestamp } from '../../controllers/objects/kinds.ts';
import type { BackOff } from './back-off.ts';
import type { FailedPull } from './image-pull.ts';

/** A sidecar is an init container with `restartPolicy: Always`. */
export type ContainerRole = 'init' | 'sidecar' | 'main';

export interface Terminated {
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly containerID: string;
}

export type State =
  | { readonly kind: 'waiting'; readonly reason: string; readonly message?: string }
  | { readonly kind: 'running'; readonly startedAt: number; readonly containerID: string }
  | ({ readonly kind: 'terminated' } & Terminated);

export interface ContainerState {
  readonly container: Container;
  readonly role: ContainerRole;
  state: State;
  /** The instance before the current one. */
  last?: Terminated;
  restartCount: number;
  /** The startup probe passed, or there is none. */
  started: boolean;
  ready: boolean;
  backOff?: BackOff;
  /** The last attempt to pull its image, where that failed. */
  pull?: FailedPull;
  /** Not to be started again before this time (milliseconds since the epoch): its image or config was missing. */
  retryAt?: number;
}

/**
 * Returns the containers of a pod in the order in which they start, none of them running. `status` is what an earlier
 * run of the agent told: restarts go on being counted from there.
 */
export function makeContainerStates(spec: PodSpec, status: PodStatus | undefined): ContainerState[] {
  const inits = (spec.initContainers ?? []).map((container) => ({
    container,
    role: container.restartPolicy === 'Always' ? ('sidecar' as const) : ('init' as const),
  }));
  const mains = spec.containers.map((container) => ({ container, role: 'main' as const }));
  const first = inits.length === 0 ? 'ContainerCreating' : 'PodInitializing';
  const known = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return [...inits, ...mains].map(({ container, role }) => ({
    container,
    role,
    state: { kind: 'waiting', reason: first },
    restartCount: known.find(({ name }) => name === container.name)?.restartCount ?? 0,
    started: false,
    ready: false,
  }));
}

/** Returns the end of the container's newest instance: its state, or the one before while it waits. */
export function lastEndOf({ state, last }: ContainerState): Terminated | undefined {
  return state.kind === 'terminated' ? state : last;
}

/** Returns the container as `status.containerStatuses` (or `initContainerStatuses`) shows it. */
export function containerStatusOf(known: ContainerState): ContainerStatus {
  const { container, state, role } = known;
  const running = state.kind === 'running';
  const done = state.kind === 'terminated' && state.exitCode === 0;
  const { containerID = '' } = state.kind === 'waiting' ? (known.last ?? {}) : state;
  return {
    name: container.name,
    image: container.image ?? '',
    imageID: container.image ?? '',
    state: stateOf(state),
    lastState: known.last === undefined ? {} : stateOf({ kind: 'terminated', ...known.last }),
    ready: role === 'init' ? done : running && known.ready,
    started: running && known.started,
    restartCount: known.restartCount,
    ...(containerID === '' ? {} : { containerID }),
  };
}

function stateOf(state: State): NonNullable<ContainerStatus['state']> {
  switch (state.kind) {
    case 'waiting':
      return {
        waiting: { reason: state.reason, ...(state.message === undefined ? {} : { message: state.message }) },
      };
    case 'running':
      return { running: { startedAt: timestamp(state.startedAt) } };
    case 'terminated':
      return {
        terminated: {
          exitCode: state.exitCode,
          reason: state.reason,
          ...(state.message === '' ? {} : { message: state.message }),
          startedAt: timestamp(state.startedAt),
          finishedAt: timestamp(state.finishedAt),
          ...(state.containerID === '' ? {} : { containerID: state.containerID }),
        },
      };
  }
}
