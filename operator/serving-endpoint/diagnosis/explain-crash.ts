/** Owns the words for a container that keeps failing: what it was there for, and what it said last. */
import { entityReasons } from '../../../crds/schema/reasons.ts';
import type { EntityReason } from '../../../crds/schema/reasons.ts';
import type { Pod } from '../../../kube/kinds.ts';
import type { EntityExplanation } from '../explanation.ts';
import { fetcherName, modelContainerName } from '../resources/containers.ts';
import { sidecarName } from '../resources/make-sidecar-container.ts';

type ContainerStatus = NonNullable<NonNullable<Pod['status']>['containerStatuses']>[number];
/** A run of a container that has ended. */
export type Terminated = NonNullable<NonNullable<ContainerStatus['state']>['terminated']>;

const longestLog = 2_000;
/** FallbackToLogsOnError keeps at most this much of a log (Kubernetes: Container.terminationMessagePolicy). */
const kubeletCutBytes = 2_048;

/**
 * Returns what a container told at its end, the last line first: there a program says why it ends. The lines before
 * it follow, the last ones of them where they are many. Empty where it told nothing.
 */
export function lastWords(run: Terminated): string {
  const lines = wholeLines(run.message ?? '').flatMap(readable);
  const cause = lines.pop() ?? '';
  const log: string[] = [];
  for (
    let line = lines.pop(), room = longestLog;
    line !== undefined && line.length < room;
    line = lines.pop()
  ) {
    log.unshift(line);
    room -= line.length;
  }
  return log.length === 0
    ? cause.slice(-longestLog)
    : `${cause.slice(-longestLog)}\nIts last log lines:\n${log.join('\n')}`;
}

/** The kubelet cuts a log at a number of bytes: the first line is then half a line, and half a JSON line says nothing. */
function wholeLines(text: string): string[] {
  const lines = text.trim().split('\n');
  const isCut = Buffer.byteLength(text) >= kubeletCutBytes && lines.length > 1;
  return isCut ? lines.slice(1) : lines;
}

/** A structured line is for machines: people want its message, and the stack where there is one. */
function readable(line: string): string[] {
  if (!line.startsWith('{')) return [line];
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    return [line];
  }
  const { level, message, msg, stack } = record as Record<string, unknown>;
  const text = message ?? msg;
  if (typeof text !== 'string') return [line];
  const said = typeof level === 'string' ? `${level}: ${text}` : text;
  return typeof stack === 'string' ? [said, ...stack.split('\n')] : [said];
}

/** Returns the explanation of a container that has failed. */
export function explainCrash(pod: Pod, container: string, run: Terminated): EntityExplanation {
  const cause = lastWords(run) || withoutWords(pod, container, run);
  if (run.reason === 'OOMKilled') {
    const message = `${roleOf(container)} ran out of memory: choose a larger workload type; ${cause}`;
    return { reason: entityReasons.outOfMemory, message };
  }
  switch (container) {
    case fetcherName:
      return { reason: fetchReason(run), message: `the model cannot be fetched: ${cause}` };
    case sidecarName:
      return { reason: entityReasons.sidecarFailed, message: `the sidecar cannot run: ${cause}` };
    case modelContainerName:
      if (wasStopped(run)) return stoppedByProbe(pod, cause);
      return wasReady(pod)
        ? { reason: entityReasons.crashLoop, message: `the model server keeps crashing: ${cause}` }
        : { reason: entityReasons.modelLoadFailed, message: `the model cannot be loaded: ${cause}` };
    default:
      return { reason: entityReasons.crashLoop, message: `${roleOf(container)} keeps crashing: ${cause}` };
  }
}

/** What the fetcher's last sentence begins with, and what that means: trying again changes nothing about it. */
const fetchKinds: readonly (readonly [RegExp, EntityReason])[] = [
  [/^(?:model not found|not a model|source not usable):/i, entityReasons.modelNotFound],
  [/^access denied:/i, entityReasons.modelAccessDenied],
  [/^destination is full:/i, entityReasons.storageFull],
];

function fetchReason(run: Terminated): EntityReason {
  const sentence = lastWords(run);
  return fetchKinds.find(([pattern]) => pattern.test(sentence))?.[1] ?? entityReasons.modelFetchFailed;
}

/** Returns whether a failed run tells already that another one would fail alike. */
export function isFinal(container: string, run: Terminated): boolean {
  if (container !== fetcherName) return false;
  const reason = fetchReason(run);
  return reason === entityReasons.modelNotFound || reason === entityReasons.storageFull;
}

/** SIGTERM or SIGKILL from outside, and not for memory: the kubelet restarts what does not answer its probe. */
const wasStopped = ({ exitCode, reason }: Terminated): boolean =>
  (exitCode === 137 || exitCode === 143) && reason !== 'OOMKilled';

function stoppedByProbe(pod: Pod, cause: string): EntityExplanation {
  const what = wasReady(pod)
    ? 'stopped answering its probe'
    : 'did not answer its probe in time while it was loading the model';
  return {
    reason: entityReasons.probeFailed,
    message: `the model server was ended from outside, most likely because it ${what}: choose a larger workload type or look at what it is busy with; ${cause}`,
  };
}

function withoutWords({ metadata }: Pod, container: string, run: Terminated): string {
  const how = run.reason === undefined ? '' : ` (${run.reason})`;
  const log = `kubectl logs -n ${metadata?.namespace ?? ''} ${metadata?.name ?? ''} -c ${container} --previous`;
  return `it ended with exit code ${run.exitCode}${how} and without a message; see ${log}`;
}

/** A pod that was ready once has turned unready since; one that never was has been unready from its first day. */
export function wasReady(pod: Pod): boolean {
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
