/** Owns a pod's status: its phase and conditions, from what its containers do. Pure. */
import type { ContainerStatus, Pod, PodCondition, PodStatus } from '../../controllers/objects/kinds.ts';
import { timestamp } from '../../controllers/objects/kinds.ts';
import type { PodAddresses } from '../world/downward.ts';
import type { ContainerState } from './container-state.ts';
import { containerStatusOf } from './container-state.ts';
import { isInitDone, isRestarted } from './plan.ts';

export interface PodStatusInput {
  readonly pod: Pod;
  readonly containers: readonly ContainerState[];
  readonly addresses: PodAddresses;
  /** Set when the pod is over. */
  readonly outcome: 'Succeeded' | 'Failed' | undefined;
  /** When the agent first saw the pod, in milliseconds since the epoch. */
  readonly startTime: number;
  readonly now: number;
}

/** Returns the whole status; conditions of others (the scheduler's, readiness gates) are kept. */
export function makePodStatus(input: PodStatusInput): PodStatus {
  const { pod, containers, addresses, outcome } = input;
  const phase = outcome ?? phaseOf(containers);
  const { podIP, hostIP } = addresses;
  const before = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  const statusOf = (known: ContainerState): ContainerStatus =>
    keptEnd(pod.spec.restartPolicy ?? 'Always', known, before) ?? containerStatusOf(known);
  const inits = containers.filter(({ role }) => role !== 'main').map(statusOf);
  return {
    ...pod.status,
    ...observedOf(pod),
    phase,
    conditions: conditionsOf(input, phase),
    hostIP,
    hostIPs: [{ ip: hostIP }],
    ...(podIP === '' ? {} : { podIP, podIPs: [{ ip: podIP }] }),
    startTime: pod.status?.startTime ?? timestamp(input.startTime),
    ...(inits.length === 0 ? {} : { initContainerStatuses: inits }),
    containerStatuses: containers.filter(({ role }) => role === 'main').map(statusOf),
  };
}

/** Which state of the pod's spec this is about. */
const observedOf = ({ metadata }: Pod): { observedGeneration?: number } =>
  metadata.generation === undefined ? {} : { observedGeneration: metadata.generation };

/**
 * Returns what was told of a container that had ended for good and runs again, because the node came back: the API
 * refuses to let it leave that state.
 */
function keptEnd(
  policy: string,
  known: ContainerState,
  before: readonly ContainerStatus[],
): ContainerStatus | undefined {
  const told = before.find(({ name }) => name === known.container.name);
  const exitCode = told?.state?.terminated?.exitCode;
  const goesOn = known.state.kind === 'terminated' || exitCode === undefined;
  return goesOn || isRestarted(policy, known, exitCode) ? undefined : told;
}

/** Returns the phase of a pod that is not over. */
function phaseOf(containers: readonly ContainerState[]): 'Pending' | 'Running' {
  const initializing = containers.some((known) => known.role === 'init' && !isInitDone(known));
  const mains = containers.filter(({ role }) => role === 'main');
  const neverRan = ({ state, last }: ContainerState): boolean =>
    state.kind === 'waiting' && last === undefined;
  const sidecarMissing = containers.some((known) => known.role === 'sidecar' && neverRan(known));
  return initializing || sidecarMissing || mains.some(neverRan) ? 'Pending' : 'Running';
}

function conditionsOf(input: PodStatusInput, phase: string): PodCondition[] {
  const { pod, containers, now } = input;
  const known = pod.status?.conditions ?? [];
  const over = phase === 'Succeeded' ? 'PodCompleted' : phase === 'Failed' ? 'PodFailed' : undefined;
  const unready = containers.filter(({ role, state, ready }) => {
    return role !== 'init' && !(state.kind === 'running' && ready);
  });
  const names = unready.map(({ container }) => container.name).join(' ');
  const message = `containers with unready status: [${names}]`;
  const containersReady =
    over !== undefined
      ? { status: 'False', reason: over }
      : unready.length === 0
        ? { status: 'True' }
        : { status: 'False', reason: 'ContainersNotReady', message };
  const gates = (pod.spec.readinessGates ?? [])
    .map(({ conditionType }) => conditionType)
    .filter((type) => known.find((condition) => condition.type === type)?.status !== 'True');
  const podReady =
    containersReady.status === 'True' && gates.length > 0
      ? {
          status: 'False',
          reason: 'ReadinessGatesNotReady',
          message: gates
            .map((gate) => `corresponding condition of pod readiness gate "${gate}" does not exist.`)
            .join(', '),
        }
      : containersReady;
  const own: Omit<PodCondition, 'lastTransitionTime'>[] = [
    {
      type: 'PodReadyToStartContainers',
      status: input.addresses.podIP === '' || over !== undefined ? 'False' : 'True',
    },
    { type: 'Initialized', ...initializedOf(containers, over) },
    { type: 'Ready', ...podReady },
    { type: 'ContainersReady', ...containersReady },
    { type: 'PodScheduled', status: 'True' },
  ];
  const ownTypes = new Set(own.map(({ type }) => type));
  return [
    ...own.map((condition) => ({ ...withTime(condition, known, now), ...observedOf(pod) })),
    ...known.filter(({ type }) => !ownTypes.has(type)),
  ];
}

function initializedOf(
  containers: readonly ContainerState[],
  over: string | undefined,
): Pick<PodCondition, 'status' | 'reason' | 'message'> {
  const incomplete = containers.filter(
    (known) =>
      (known.role === 'init' && !isInitDone(known)) || (known.role === 'sidecar' && !hasStarted(known)),
  );
  if (incomplete.length === 0 || over === 'PodCompleted') {
    return over === 'PodCompleted' ? { status: 'True', reason: over } : { status: 'True' };
  }
  const names = incomplete.map(({ container }) => container.name).join(' ');
  const message = `containers with incomplete status: [${names}]`;
  return { status: 'False', reason: 'ContainersNotInitialized', message };
}

const hasStarted = ({ started, last }: ContainerState): boolean => started || last !== undefined;

function withTime(
  condition: Omit<PodCondition, 'lastTransitionTime'>,
  known: readonly PodCondition[],
  now: number,
): PodCondition {
  const before = known.find(({ type }) => type === condition.type);
  const unchanged = before?.status === condition.status ? before.lastTransitionTime : undefined;
  // An API server answers with this field as null, and what was told once is not told again for that.
  const probed =
    before !== undefined && 'lastProbeTime' in before ? { lastProbeTime: before.lastProbeTime } : {};
  return { ...condition, ...probed, lastTransitionTime: unchanged ?? timestamp(now) };
}
