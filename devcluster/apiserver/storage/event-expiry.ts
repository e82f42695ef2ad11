/** Owns the end of events: an hour after they were last seen they go, as in every cluster. */
import type { KubeObject } from '../objects/kube-object.ts';
import type { ObjectStore } from './object-store.ts';

const eventsStorage = 'events';
const lifetimeMs = 3_600_000;
const sweepMs = 60_000;

/** Removes old events once a minute until stopped. */
export function startEventExpiry(store: ObjectStore, now: () => number): { stop(): Promise<void> } {
  const timer = setInterval(() => removeOldEvents(store, now()), sweepMs);
  timer.unref();
  return {
    stop: () => {
      clearInterval(timer);
      return Promise.resolve();
    },
  };
}

/** Removes the events that were last seen more than an hour before `now`, in milliseconds since the epoch. */
export function removeOldEvents(store: ObjectStore, now: number): void {
  for (const event of store.list(eventsStorage).items) {
    if (lastSeen(event) >= now - lifetimeMs) continue;
    store.remove(eventsStorage, event.metadata.namespace, event.metadata.name);
  }
}

function lastSeen(event: KubeObject): number {
  const { lastTimestamp, eventTime, series, metadata } = event as KubeObject & {
    lastTimestamp?: string | null;
    eventTime?: string | null;
    series?: { lastObservedTime?: string } | null;
  };
  const times = [series?.lastObservedTime, lastTimestamp, eventTime, metadata.creationTimestamp];
  return Math.max(...times.filter((time) => typeof time === 'string').map((time) => Date.parse(time)));
}
