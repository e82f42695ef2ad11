/** Owns the words for a container that keeps failing: what it was there for, and what it said last. */
import { entityReasons } from '../../crds/schema/reasons.ts';
import type { Pod } from '../../kube/kinds.ts';
import type { Explanation } from './explanation.ts';
import { fetcherName, modelContainerName } from './resources/make-pod-template.ts';
import { sidecarName } from './resources/make-sidecar-container.ts';

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
