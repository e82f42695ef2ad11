/** Owns where the time of a pod's start went, from the times that the pod itself tells (whole seconds). */
import type { ServedEntityStatus } from '../../crds/schema/serving-endpoint.ts';
import type { Pod } from '../../kube/kinds.ts';
import { fetcherName, modelContainerName } from './resources/containers.ts';

type ColdStart = NonNullable<ServedEntityStatus['coldStart']>;

/**
 * Returns the start of the newest pod that became ready at its first attempt; undefined where there is none. A pod
 * that turned unready and back tells its last readiness, so `previous` wins when the pod is the same one.
 */
export function coldStartOf(pods: readonly Pod[], previous: ColdStart | undefined): ColdStart | undefined {
  const newest = pods
    .filter((pod) => isReady(pod) && modelStatus(pod)?.restartCount === 0)
    .sort(
      (left, right) => seconds(right.metadata?.creationTimestamp) - seconds(left.metadata?.creationTimestamp),
    )[0];
  if (newest === undefined) return previous;
  const measured = measure(newest);
  const isSamePod =
    previous?.scheduleSeconds === measured.scheduleSeconds &&
    previous?.fetchSeconds === measured.fetchSeconds &&
    (previous?.totalSeconds ?? Infinity) < (measured.totalSeconds ?? 0);
  return isSamePod ? previous : measured;
}

function measure(pod: Pod): ColdStart {
  const created = seconds(pod.metadata?.creationTimestamp);
  const ready = conditionTime(pod, 'Ready');
  const fetch = pod.status?.initContainerStatuses?.find(({ name }) => name === fetcherName)?.state
    ?.terminated;
  const loadStarted = seconds(modelStatus(pod)?.state?.running?.startedAt);
  return {
    ...span('totalSeconds', created, ready),
    ...span('scheduleSeconds', created, conditionTime(pod, 'PodScheduled')),
    ...pullSeconds(pod),
    ...span('fetchSeconds', seconds(fetch?.startedAt), seconds(fetch?.finishedAt)),
    ...fetchedBytes(fetch?.message),
    ...span('loadSeconds', loadStarted, ready),
  };
}

/** What lies between the pod being scheduled and its first container, and between one container and the next. */
function pullSeconds(pod: Pod): ColdStart {
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
  const runs = [...initContainerStatuses, ...containerStatuses]
    .map(({ state }) => {
      const begun = seconds(state?.running?.startedAt ?? state?.terminated?.startedAt);
      return { begun, ended: state?.terminated === undefined ? begun : seconds(state.terminated.finishedAt) };
    })
    .sort((one, other) => one.begun - other.begun);
  let [pulled, until] = [0, conditionTime(pod, 'PodScheduled')];
  for (const { begun, ended } of runs) {
    pulled += Math.max(0, begun - until);
    until = Math.max(until, ended);
  }
  return Number.isNaN(pulled) || runs.length === 0 ? {} : { pullSeconds: pulled };
}

/** The fetcher leaves a report as its last message; the fetcher of another image may leave what it likes. */
function fetchedBytes(message: string | undefined): ColdStart {
  if (message?.startsWith('{') !== true) return {};
  try {
    const { bytes } = JSON.parse(message) as { bytes?: unknown };
    return Number.isSafeInteger(bytes) && (bytes as number) >= 0 ? { fetchedBytes: bytes as number } : {};
  } catch {
    return {};
  }
}

const modelStatus = (pod: Pod) =>
  pod.status?.containerStatuses?.find(({ name }) => name === modelContainerName);

export const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;

const conditionTime = (pod: Pod, type: string): number =>
  seconds(pod.status?.conditions?.find((condition) => condition.type === type)?.lastTransitionTime);

const seconds = (time: string | undefined): number => (time === undefined ? NaN : Date.parse(time) / 1000);

function span(field: keyof ColdStart, from: number, to: number): ColdStart {
  return Number.isNaN(to - from) ? {} : { [field]: Math.max(0, to - from) };
}
