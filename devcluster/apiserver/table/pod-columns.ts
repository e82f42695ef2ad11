/** Owns the columns of Pods: what `kubectl get pods` says about their state. */
import { isObject, objectAt, objectsAt } from '../objects/kube-object.ts';
import type { JsonObject, KubeObject } from '../objects/kube-object.ts';
import type { Column } from '../resources/resource-type.ts';
import { ageColumn, ageSince } from './columns.ts';

const text = (value: unknown, otherwise = '<none>'): string =>
  typeof value === 'string' && value !== '' ? value : otherwise;

interface PodParts {
  readonly spec: JsonObject;
  readonly status: JsonObject;
  readonly containers: readonly JsonObject[];
  readonly initContainers: readonly JsonObject[];
}

function partsOf(pod: KubeObject): PodParts {
  const spec = objectAt(pod, 'spec');
  const status = objectAt(pod, 'status');
  return {
    spec,
    status,
    containers: objectsAt(status, 'containerStatuses'),
    initContainers: objectsAt(status, 'initContainerStatuses'),
  };
}

/** Native sidecars count as containers: they run as long as the pod does. */
function sidecarNames(spec: JsonObject): Set<unknown> {
  const sidecars = objectsAt(spec, 'initContainers').filter(
    (container) => container['restartPolicy'] === 'Always',
  );
  return new Set(sidecars.map((container) => container['name']));
}

function readyText(pod: KubeObject): string {
  const { spec, containers, initContainers } = partsOf(pod);
  const sidecars = sidecarNames(spec);
  const counted = [...containers, ...initContainers.filter((each) => sidecars.has(each['name']))];
  const ready = counted.filter((each) => each['ready'] === true).length;
  return `${ready}/${objectsAt(spec, 'containers').length + sidecars.size}`;
}

function restartsText(pod: KubeObject, now: number): string {
  const { spec, containers, initContainers } = partsOf(pod);
  const sidecars = sidecarNames(spec);
  const counted = [...containers, ...initContainers.filter((each) => sidecars.has(each['name']))];
  const restarts = counted.reduce((sum, each) => sum + Number(each['restartCount'] ?? 0), 0);
  const ends = counted
    .map((each) => objectAt(objectAt(each, 'lastState'), 'terminated')['finishedAt'])
    .filter((time) => typeof time === 'string')
    .sort();
  const last = ends.at(-1);
  return restarts === 0 || last === undefined ? String(restarts) : `${restarts} (${ageSince(last, now)} ago)`;
}

/** Returns the word of the STATUS column: the phase, or what keeps a container or init container from running. */
function podStatusText(pod: KubeObject): string {
  const { spec, status, containers, initContainers } = partsOf(pod);
  const reason = text(status['reason'], text(status['phase'], 'Unknown'));
  const initializing = initReason(spec, initContainers);
  const state = initializing ?? containerReason(containers) ?? reason;
  if (pod.metadata.deletionTimestamp !== undefined) {
    return status['reason'] === 'NodeLost' ? 'Unknown' : 'Terminating';
  }
  return state;
}

function initReason(spec: JsonObject, statuses: readonly JsonObject[]): string | undefined {
  const declared = objectsAt(spec, 'initContainers');
  const sidecars = sidecarNames(spec);
  for (const [index, status] of statuses.entries()) {
    const { terminated, waiting } = stateOf(status);
    if (terminated?.['exitCode'] === 0) continue;
    if (sidecars.has(status['name']) && status['started'] === true) continue;
    if (terminated !== undefined) {
      return `Init:${text(terminated['reason'], `ExitCode:${String(terminated['exitCode'])}`)}`;
    }
    const why = waiting === undefined ? '' : text(waiting['reason'], '');
    if (why !== '' && why !== 'PodInitializing') return `Init:${why}`;
    return `Init:${index}/${declared.length}`;
  }
  return undefined;
}

function containerReason(statuses: readonly JsonObject[]): string | undefined {
  let reason: string | undefined;
  let hasRunning = false;
  for (const status of statuses.toReversed()) {
    const { waiting, terminated, running } = stateOf(status);
    if (waiting !== undefined && text(waiting['reason'], '') !== '') reason = text(waiting['reason']);
    else if (terminated !== undefined) {
      reason = text(terminated['reason'], `ExitCode:${String(terminated['exitCode'])}`);
    } else if (running !== undefined && status['ready'] === true) hasRunning = true;
  }
  return reason === 'Completed' && hasRunning ? 'Running' : reason;
}

function stateOf(status: JsonObject): Record<'waiting' | 'terminated' | 'running', JsonObject | undefined> {
  const state = objectAt(status, 'state');
  const read = (name: string): JsonObject | undefined => (isObject(state[name]) ? state[name] : undefined);
  return { waiting: read('waiting'), terminated: read('terminated'), running: read('running') };
}

const column = (name: string, cell: Column['cell'], priority = 0): Column => ({
  name,
  type: 'string',
  description: name,
  priority,
  cell,
});

export const podColumns: readonly Column[] = [
  column('Ready', readyText),
  column('Status', podStatusText),
  column('Restarts', restartsText),
  ageColumn,
  column('IP', (pod) => text(objectAt(pod, 'status')['podIP']), 1),
  column('Node', (pod) => text(objectAt(pod, 'spec')['nodeName']), 1),
  column('Nominated Node', (pod) => text(objectAt(pod, 'status')['nominatedNodeName']), 1),
  column('Readiness Gates', () => '<none>', 1),
];
