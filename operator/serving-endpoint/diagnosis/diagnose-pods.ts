/** Owns what the pods of a Deployment tell: why it cannot become ready, or what it is busy with. */
import { entityReasons } from '../../../crds/schema/reasons.ts';
import type { Pod } from '../../../kube/kinds.ts';
import type { EntityExplanation } from '../explanation.ts';
import { describeFetch } from '../fetch-status.ts';
import type { FetchStatus } from '../fetch-status.ts';
import { explainCrash, isFinal, lastWords, roleOf, wasReady } from './explain-crash.ts';
import type { Terminated } from './explain-crash.ts';
import { explainUnschedulable } from './explain-unschedulable.ts';
import { fetcherName, modelContainerName } from '../resources/containers.ts';

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];

export interface PodDiagnosis {
  /** Something that waiting alone will hardly repair. */
  readonly failure?: EntityExplanation;
  /** What the pods are doing, or waiting for. */
  readonly progress?: EntityExplanation;
}

/** A container that failed so often has failed; once may be bad luck, and the kubelet's first restart is immediate. */
const failuresThatCount = 2;

/**
 * Returns what the pods of one Deployment tell, the newest pod first. Pods that are going away tell nothing. `fetch` is
 * how far the model is, where it is being fetched and that is known.
 */
export function diagnosePods(pods: readonly Pod[], fetch?: FetchStatus): PodDiagnosis {
  const living = pods
    .filter((pod) => pod.metadata?.deletionTimestamp === undefined && !isOver(pod))
    .sort((left, right) => createdAt(right).localeCompare(createdAt(left)));
  const diagnoses = living.map((pod) => diagnosePod(pod, fetch));
  const told = diagnoses.find(({ failure }) => failure !== undefined) ?? diagnoses[0] ?? {};
  // The pod in place of an evicted one fares alike, and until then says only that it is being started.
  const evicted = pods
    .filter(isOver)
    .map(outOfDisk)
    .find((explanation) => explanation !== undefined);
  return told.failure === undefined && evicted !== undefined ? { ...told, failure: evicted } : told;
}

// An evicted pod stays as a record of it; the Deployment has made another one.
const isOver = (pod: Pod): boolean => pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded';
const createdAt = (pod: Pod): string => pod.metadata?.creationTimestamp ?? '';

function diagnosePod(pod: Pod, fetch: FetchStatus | undefined): PodDiagnosis {
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  for (const status of statuses) {
    const failure = failureOf(pod, status);
    if (failure !== undefined) return { failure };
  }
  return {
    progress:
      unschedulable(pod) ?? retrying(statuses) ?? unready(pod, statuses) ?? progressOf(statuses, fetch),
  };
}

function failureOf(pod: Pod, status: ContainerStatus): EntityExplanation | undefined {
  const waiting = status.state?.waiting;
  const what = roleOf(status.name);
  if (waiting?.reason !== undefined && imageReasons.has(waiting.reason)) {
    return {
      reason: entityReasons.imagePullFailed,
      message: `the image ${status.image} of ${what} cannot be pulled: ${waiting.message ?? waiting.reason}; check the image's name and the pull secrets`,
    };
  }
  if (waiting?.reason !== undefined && configReasons.has(waiting.reason)) {
    return {
      reason: entityReasons.podConfigInvalid,
      message: `${what} cannot be started: ${waiting.message ?? waiting.reason}; correct the entity's env, credentials or template`,
    };
  }
  return crashOf(pod, status);
}

function crashOf(pod: Pod, status: ContainerStatus): EntityExplanation | undefined {
  const last = failedRun(status);
  if (last === undefined) return undefined;
  const counts = failures(status) >= failuresThatCount || isFinal(status.name, last);
  return counts ? explainCrash(pod, status.name, last) : undefined;
}

/** The kubelet evicts a pod that uses more disk than it may, and the model is nearly all of it. */
function outOfDisk({ status }: Pod): EntityExplanation | undefined {
  const { reason, message = '' } = status ?? {};
  if (reason !== 'Evicted' || !/exceed/i.test(message)) return undefined;
  return {
    reason: entityReasons.storageFull,
    message: `the pod was evicted for the disk that it used: ${message.trim()}; choose a larger workload type, or give the volume "model" more space`,
  };
}

const imageReasons: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
]);

const configReasons: ReadonlySet<string> = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
]);

/** Returns how the container failed last, unless it has recovered since. */
function failedRun(status: ContainerStatus): Terminated | undefined {
  if ((status.ready || status.started === true) && status.state?.terminated === undefined) return undefined;
  const now = status.state?.terminated;
  if (now !== undefined) return now.exitCode === 0 && status.name === fetcherName ? undefined : now;
  return status.lastState?.terminated;
}

function failures(status: ContainerStatus): number {
  if (status.state?.waiting?.reason === 'CrashLoopBackOff') return failuresThatCount;
  return status.restartCount + (status.state?.terminated === undefined ? 0 : 1);
}

function unschedulable(pod: Pod): EntityExplanation | undefined {
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  return scheduled?.status === 'False' ? explainUnschedulable(scheduled.message ?? '') : undefined;
}

/** A pod that was ready once and whose containers all run has stopped answering. */
function unready(pod: Pod, statuses: readonly ContainerStatus[]): EntityExplanation | undefined {
  const model = statuses.find(({ name }) => name === modelContainerName);
  if (model?.state?.running === undefined || model.started !== true || !wasReady(pod)) return undefined;
  return {
    reason: entityReasons.probeFailed,
    message: 'the model server runs and does not answer its probe; it is restarted if that lasts',
  };
}

function retrying(statuses: readonly ContainerStatus[]): EntityExplanation | undefined {
  for (const status of statuses) {
    const run = failedRun(status);
    if (run === undefined) continue;
    const told = lastWords(run);
    return {
      reason: entityReasons.retrying,
      message: `${roleOf(status.name)} failed once (exit code ${run.exitCode}) and is tried again${told === '' ? '' : `; it said: ${told}`}`,
    };
  }
  return undefined;
}

function progressOf(statuses: readonly ContainerStatus[], fetch: FetchStatus | undefined): EntityExplanation {
  const running = (name: string): boolean =>
    statuses.some((status) => status.name === name && status.state?.running !== undefined);
  if (running(modelContainerName))
    return { reason: entityReasons.loadingModel, message: 'the model is being loaded' };
  if (running(fetcherName)) {
    const howFar = fetch === undefined ? undefined : describeFetch(fetch);
    const message = `the model is being fetched${howFar === undefined ? '' : `: ${howFar}`}`;
    return { reason: entityReasons.fetchingModel, message };
  }
  return { reason: entityReasons.starting, message: 'the pod is being started' };
}
