/** Owns which containers of a pod start next, and when the pod is over. Pure. */
import type { PodSpec } from '../../controllers/objects/kinds.ts';
import type { BackOffLimits } from './back-off.ts';
import { restartAt } from './back-off.ts';
import type { ContainerState } from './container-state.ts';

export interface PodPlan {
  readonly start: readonly ContainerState[];
  /** Crashed containers that wait for their back-off. */
  readonly backingOff: readonly { readonly known: ContainerState; readonly until: number }[];
  /** The pod has done its work (or cannot): sidecars are ended, and this is its phase. */
  readonly outcome?: 'Succeeded' | 'Failed';
  /** When to plan again, in milliseconds since the epoch, if nothing happens before. */
  readonly wakeAt?: number;
}

/** Returns whether a container that ended so is started again, by the pod's restart policy and its own role. */
export function isRestarted(policy: string, known: Pick<ContainerState, 'role'>, exitCode: number): boolean {
  if (known.role === 'sidecar') return true;
  if (known.role === 'init') return exitCode !== 0 && policy !== 'Never';
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
}

/**
 * Returns the next step of a pod: init containers one after the other, each sidecar before what follows it has
 * started, main containers together once all of those are through.
 */
export function planPod(
  spec: Pick<PodSpec, 'restartPolicy'>,
  containers: readonly ContainerState[],
  now: number,
  limits: BackOffLimits,
): PodPlan {
  const policy = spec.restartPolicy ?? 'Always';
  const outcome = outcomeOf(policy, containers);
  if (outcome !== undefined) return { start: [], backingOff: [], outcome };
  const start: ContainerState[] = [];
  const backingOff: { known: ContainerState; until: number }[] = [];
  const wakes: number[] = [];
  for (const known of candidates(containers)) {
    const due = dueAt(policy, known, limits);
    if (due === undefined) continue;
    if (due <= now) start.push(known);
    else {
      wakes.push(due);
      if (known.retryAt === undefined) backingOff.push({ known, until: due });
    }
  }
  return { start, backingOff, ...(wakes.length === 0 ? {} : { wakeAt: Math.min(...wakes) }) };
}

/** Returns the containers whose turn it is: the sidecars so far, and the first that holds up the rest. */
function candidates(containers: readonly ContainerState[]): ContainerState[] {
  const turn: ContainerState[] = [];
  const mainStarted = containers.some(({ role, last, state }) => {
    return role === 'main' && (last !== undefined || state.kind !== 'waiting');
  });
  for (const known of containers) {
    if (known.role === 'main') continue;
    // Once the main containers have begun, a sidecar that restarts holds nothing up.
    if (known.role === 'sidecar') {
      turn.push(known);
      if (!known.started && !mainStarted) return turn;
    } else if (!isInitDone(known)) return [...turn, known];
  }
  return [...turn, ...containers.filter(({ role }) => role === 'main')];
}

export function isInitDone({ role, state, last }: ContainerState): boolean {
  const end = state.kind === 'terminated' ? state : last;
  return role === 'init' && state.kind !== 'running' && end?.exitCode === 0;
}

/** Returns when a container is to be started; undefined where it runs or has ended for good. */
function dueAt(policy: string, known: ContainerState, limits: BackOffLimits): number | undefined {
  const { state, last, backOff, retryAt } = known;
  if (state.kind === 'running') return undefined;
  if (retryAt !== undefined) return retryAt;
  const end = state.kind === 'terminated' ? state : last;
  if (end === undefined) return 0;
  return isRestarted(policy, known, end.exitCode) ? restartAt(backOff, end.finishedAt, limits) : undefined;
}

function outcomeOf(policy: string, containers: readonly ContainerState[]): PodPlan['outcome'] {
  const ends = containers.filter(({ role }) => role !== 'sidecar');
  const isOver = (known: ContainerState): boolean =>
    known.state.kind === 'terminated' && !isRestarted(policy, known, known.state.exitCode);
  const failedInit = ends.some(
    (known) =>
      known.role === 'init' &&
      isOver(known) &&
      known.state.kind === 'terminated' &&
      known.state.exitCode !== 0,
  );
  if (failedInit) return 'Failed';
  const mains = ends.filter(({ role }) => role === 'main');
  if (!mains.every(isOver)) return undefined;
  const succeeded = mains.every(({ state }) => state.kind === 'terminated' && state.exitCode === 0);
  return succeeded ? 'Succeeded' : 'Failed';
}
