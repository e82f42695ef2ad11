/** Owns the scheduler: gives each pod without a node one that fits, or says why none does. */
import type { Clock } from '../../../platform/clock.ts';
import type { Logger } from '../../../platform/logging.ts';
import type { LocalClient } from '../../apiserver/client/local-client.ts';
import { Loop } from '../loop/loop.ts';
import type { EventRecorder } from '../objects/events.ts';
import type { Node, Pod, PodCondition } from '../objects/kinds.ts';
import { keyOf, parseKey, timestamp } from '../objects/kinds.ts';
import { checkFit, unschedulableMessage } from './fit.ts';

interface Parts {
  readonly client: LocalClient;
  readonly log: Logger;
  readonly clock: Clock;
  readonly events: EventRecorder;
}

const schedulerName = 'default-scheduler';

/** Starts the scheduler; a pod that fits nowhere is looked at again when a node changes or a pod goes. */
export function startScheduler(parts: Parts): { stop(): Promise<void> } {
  const { client, log, clock } = parts;
  const pods = client.resource<Pod>('v1', 'Pod');
  const nodes = client.resource<Node>('v1', 'Node');
  const waiting = new Set<string>();
  const loop = new Loop({ name: 'scheduler', reconcile: (key) => schedule(parts, waiting, key), log, clock });
  const retryWaiting = (): void => {
    for (const key of waiting) loop.enqueue(key);
  };
  const watches = [
    pods.watch({}, ({ type, object }) => {
      if (type === 'DELETED') retryWaiting();
      else if (isUnscheduled(object)) loop.enqueue(keyOf(object));
    }),
    nodes.watch({}, retryWaiting),
  ];
  return {
    stop: async () => {
      for (const watch of watches) watch.stop();
      await loop.stop();
    },
  };
}

function isUnscheduled(pod: Pod): boolean {
  const wanted = pod.spec.schedulerName ?? schedulerName;
  return (
    (pod.spec.nodeName ?? '') === '' &&
    wanted === schedulerName &&
    pod.metadata.deletionTimestamp === undefined
  );
}

function schedule({ client, clock, events }: Parts, waiting: Set<string>, key: string): undefined {
  const { namespace, name } = parseKey(key);
  const pods = client.resource<Pod>('v1', 'Pod');
  const pod = pods.get(name, namespace);
  waiting.delete(key);
  if (pod === undefined || !isUnscheduled(pod)) return;
  const running = pods
    .list({})
    .filter((other) => other.status?.phase !== 'Succeeded' && other.status?.phase !== 'Failed');
  const judged = client
    .resource<Node>('v1', 'Node')
    .list()
    .map((node) => ({
      node: node.metadata.name,
      misfit: checkFit(
        pod,
        node,
        running.filter((other) => other.spec.nodeName === node.metadata.name),
      ),
    }));
  const at = timestamp(clock.now());
  const chosen = judged.find(({ misfit }) => misfit === undefined);
  if (chosen !== undefined) {
    pods.mergePatch(name, namespace, {
      metadata: { resourceVersion: pod.metadata.resourceVersion },
      spec: { nodeName: chosen.node },
    });
    writeCondition(client, pod, { type: 'PodScheduled', status: 'True', lastTransitionTime: at });
    const message = `Successfully assigned ${namespace}/${name} to ${chosen.node}`;
    events.record(pod, { type: 'Normal', reason: 'Scheduled', message });
    return;
  }
  waiting.add(key);
  const message = unschedulableMessage(judged.flatMap(({ misfit }) => misfit ?? []));
  const known = pod.status?.conditions?.find((condition) => condition.type === 'PodScheduled');
  if (known?.status === 'False' && known.message === message) return;
  const reason = 'Unschedulable';
  writeCondition(client, pod, {
    type: 'PodScheduled',
    status: 'False',
    reason,
    message,
    lastTransitionTime: at,
  });
  events.record(pod, { type: 'Warning', reason: 'FailedScheduling', message });
}

function writeCondition(client: LocalClient, pod: Pod, condition: PodCondition): void {
  const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== condition.type);
  client
    .resource<Pod>('v1', 'Pod')
    .mergePatch(
      pod.metadata.name,
      pod.metadata.namespace,
      { status: { phase: 'Pending', conditions: [...others, condition] } },
      'status',
    );
}
