import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../objects/kube-object.ts';
import { removeOldEvents } from './event-expiry.ts';
import { makeStore } from '../testing/store.ts';

describe('events', () => {
  it('go an hour after they were last seen', () => {
    const store = makeStore();
    const event = (name: string, times: object): void => {
      const metadata = { name, namespace: 'n', creationTimestamp: '2026-01-01T00:00:00Z' };
      store.put('events', { apiVersion: 'v1', kind: 'Event', metadata, ...times } as unknown as KubeObject);
    };
    event('old', {});
    event('seen-again', { lastTimestamp: '2026-01-01T01:00:00Z' });
    event('in-a-series', { series: { lastObservedTime: '2026-01-01T01:00:00.000000Z' } });
    removeOldEvents(store, Date.parse('2026-01-01T01:30:00Z'));
    expect(store.list('events').items.map(({ metadata }) => metadata.name)).toEqual([
      'in-a-series',
      'seen-again',
    ]);
  });
});
