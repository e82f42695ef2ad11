/** Owns Events: what a component tells people about an object, counted instead of repeated. */
import { createHash } from 'node:crypto';
import type { Clock } from '../../../platform/clock.ts';
import { systemClock } from '../../../platform/clock.ts';
import type { Logger } from '../../../platform/logging.ts';
import type { LocalClient, ResourceClient } from '../../apiserver/client/local-client.ts';
import type { KubeObject } from '../../apiserver/objects/kube-object.ts';
import { timestamp } from './kinds.ts';

interface EventObject extends KubeObject {
  count?: number;
  lastTimestamp?: string;
}

export type EventType = 'Normal' | 'Warning';

export interface EventRecorder {
  /** `fieldPath` names a part of the object, such as `spec.containers{model}`. Never throws. */
  record(object: KubeObject, event: RecordedEvent): void;
}

export interface RecordedEvent {
  readonly type: EventType;
  readonly reason: string;
  readonly message: string;
  readonly fieldPath?: string;
}

/**
 * Returns a recorder for `component` (`kubelet`, `deployment-controller` …). The same event of the same object is one
 * Event object whose `count` grows. An event that cannot be written is logged and dropped: no work waits for it.
 */
export function makeEventRecorder(options: {
  readonly client: LocalClient;
  readonly component: string;
  readonly log: Logger;
  readonly clock?: Clock;
}): EventRecorder {
  const events = options.client.resource<EventObject>('v1', 'Event');
  const clock = options.clock ?? systemClock;
  return {
    record: (object, event) => {
      try {
        writeEvent(events, object, event, { component: options.component, now: clock.now() });
      } catch (error) {
        options.log.debug({ error, reason: event.reason, name: object.metadata.name }, 'event not recorded');
      }
    },
  };
}

function writeEvent(
  events: ResourceClient<EventObject>,
  object: KubeObject,
  event: RecordedEvent,
  source: { component: string; now: number },
): void {
  const { metadata } = object;
  const namespace = metadata.namespace ?? 'default';
  const identity = [
    object.kind,
    metadata.uid,
    event.fieldPath,
    event.reason,
    event.message,
    source.component,
  ];
  const digest = createHash('sha256').update(identity.join('\n')).digest('hex').slice(0, 16);
  const name = `${metadata.name.slice(0, 200)}.${digest}`;
  const at = timestamp(source.now);
  const known = events.get(name, namespace);
  if (known !== undefined) {
    events.mergePatch(name, namespace, { count: (known.count ?? 1) + 1, lastTimestamp: at });
    return;
  }
  const created = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name, namespace },
    involvedObject: {
      apiVersion: object.apiVersion,
      kind: object.kind,
      name: metadata.name,
      namespace,
      uid: metadata.uid,
      resourceVersion: metadata.resourceVersion,
      ...(event.fieldPath === undefined ? {} : { fieldPath: event.fieldPath }),
    },
    type: event.type,
    reason: event.reason,
    message: event.message.slice(0, 1024),
    count: 1,
    firstTimestamp: at,
    lastTimestamp: at,
    source: { component: source.component },
    reportingComponent: source.component,
  };
  events.create(created);
}
