/** Owns the words for a container that keeps failing: what it was there for, and what it said last. */
import { entityReasons } from '../../crds/schema/reasons.ts';
import type { Pod } from '../../kube/kinds.ts';
import type { Explanation } from './explanation.ts';
import { fetcherName, modelContainerName } from './resources/make-pod-template.ts';
import { sidecarName } from './resources/make-sidecar-container.ts';

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];
/** A run of a container that has ended. */
export type Terminated = NonNullable<NonNullable<ContainerStatus['state']>['terminated']>;

/** Two or three lines of a stack trace are not worth more room in a status; the last ones tell the cause. */
const longestWords = 4_000;

/** Returns the end of what a container told as its termination message, which without one is the end of its log. */
export const lastWords = (run: Terminated): string => run.message?.trim().slice(-longestWords) ?? '';

/** Returns the explanation of a container that has failed for good, as far as one can tell. */
export function explainCrash(pod: Pod, container: string, run: Terminated): Explanation {
  const cause = lastWords(run) || withoutWords(pod, container, run);
  if (run.reason === 'OOMKilled') {
    const message = `${roleOf(container)} ran out of memory: choose a larger workload type; ${cause}`;
    return { reason: entityReasons.outOfMemory, message };
  }
  switch (container) {
    case fetcherName:
      return { reason: entityReasons.modelFetchFailed, message: `the model cannot be fetched: ${cause}` };
    case sidecarName:
      return { reason: entityReasons.sidecarFailed, message: `the sidecar cannot run: ${cause}` };
    case modelContainerName:
      return wasReady(pod)
        ? { reason: entityReasons.crashLoop, message: `the model server keeps crashing: ${cause}` }
        : { reason: entityReasons.modelLoadFailed, message: `the model cannot be loaded: ${cause}` };
    default:
      return { reason: entityReasons.crashLoop, message: `${roleOf(container)} keeps crashing: ${cause}` };
  }
}

function withoutWords({ metadata }: Pod, container: string, run: Terminated): string {
  const how = run.reason === undefined ? '' : ` (${run.reason})`;
  const log = `kubectl logs -n ${metadata?.namespace ?? ''} ${metadata?.name ?? ''} -c ${container} --previous`;
  return `it ended with exit code ${run.exitCode}${how} and without a message; see ${log}`;
}

/** A pod that was ready once has turned unready since; one that never was has been unready from its first day. */
function wasReady(pod: Pod): boolean {
  const at = (type: string): string =>
    pod.status?.conditions?.find((condition) => condition.type === type)?.lastTransitionTime ?? '';
  return at('Initialized') !== '' && at('Ready') > at('Initialized');
}

/** Returns what people call a container of a served entity's pod. */
export function roleOf(container: string): string {
  if (container === fetcherName) return 'the model fetcher';
  if (container === sidecarName) return 'the sidecar';
  return container === modelContainerName ? 'the model server' : `the container "${container}"`;
}
