/** Owns the proof that events are written as the API wants them, and that a failing write is nobody's problem. */
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeKubeClient } from './client.ts';
import type { Occurrence } from './event-aggregation.ts';
import { regardingOf, startEventRecorder } from './events.ts';
import type { EventRecorder } from './events.ts';
import type { Event } from './kinds.ts';
import { makeKubeMetrics } from './kube-metrics.ts';
import { cut, json, refusal, silence, startFakeApiServer } from './testing/fake-api-server.ts';
import type { Answer, FakeApiServer, Matcher } from './testing/fake-api-server.ts';
import { plainTransport, silentLog } from './testing/plain-access.ts';
import type { KubeTransport } from './transport.ts';

const object = {
  apiVersion: 'serving.fairlead.dev/v1alpha1',
  kind: 'ServingEndpoint',
  metadata: { name: 'wine', namespace: 'team-a', uid: 'u1', resourceVersion: '7' },
};
const happened: Occurrence = {
  type: 'Normal',
  reason: 'ScaledToZero',
  action: 'Scale',
  note: 'idle for 30 m',
};
const isCreate: Matcher = ({ method }) => method === 'POST';
const isPatch: Matcher = ({ method }) => method === 'PATCH';

let api: FakeApiServer;
let transport: KubeTransport;
let registry: Registry;
let recorder: EventRecorder;
let now: number;
beforeEach(async () => {
  now = Date.UTC(2026, 10, 23, 6, 0, 0, 5);
  api = await startFakeApiServer();
  api.always(isCreate, json({}, 201));
  api.always(isPatch, json({}));
  transport = plainTransport(api.url, 200);
  registry = new Registry();
  recorder = startEventRecorder({
    client: makeKubeClient(transport),
    reportingController: 'serving.fairlead.dev/operator',
    reportingInstance: 'operator-0',
    log: silentLog,
    metrics: makeKubeMetrics(registry),
    clock: { now: () => now, monotonic: () => now },
  });
});
afterEach(async () => {
  await recorder.stop();
  await transport.close();
  await api.stop();
});

const record = (occurrence: Partial<Occurrence> = {}, regarding = object): void =>
  recorder.record(regardingOf(regarding), { ...happened, ...occurrence });
const sent = (index: number): Event => JSON.parse(api.requests[index]?.body ?? '') as Event;
const counted = async (result: string): Promise<number> => {
  const text = await registry.metrics();
  return Number(new RegExp(`events_recorded_total{result="${result}"} (\\d+)`).exec(text)?.[1] ?? 0);
};

describe('an event', () => {
  it('is written as events.k8s.io/v1 wants it', async () => {
    record();
    await recorder.stop();
    expect(api.requests[0]?.path).toBe('/apis/events.k8s.io/v1/namespaces/team-a/events');
    const { metadata, ...event } = sent(0);
    expect(metadata?.namespace).toBe('team-a');
    expect(metadata?.name).toMatch(/^wine\.[0-9a-f]+$/);
    expect(event).toEqual({
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      eventTime: '2026-11-23T06:00:00.005000Z',
      reportingController: 'serving.fairlead.dev/operator',
      reportingInstance: 'operator-0',
      regarding: {
        apiVersion: object.apiVersion,
        kind: object.kind,
        ...object.metadata,
      },
      ...happened,
    });
  });

  it('about an object without a namespace lives in default, and names only what is known', async () => {
    record({}, { ...object, metadata: { name: 'node-1' } } as typeof object);
    await recorder.stop();
    expect(sent(0).metadata?.namespace).toBe('default');
    expect(sent(0).regarding).toEqual({ apiVersion: object.apiVersion, kind: object.kind, name: 'node-1' });
  });

  it('stays within the limits of name and note', async () => {
    record(
      { note: 'x'.repeat(5_000) },
      { ...object, metadata: { ...object.metadata, name: 'n'.repeat(253) } },
    );
    await recorder.stop();
    expect(sent(0).note).toHaveLength(1_024);
    expect(sent(0).metadata?.name).toHaveLength(253);
  });

  it('has a name of its own even in the same millisecond', async () => {
    record();
    record({ reason: 'Woken' });
    await recorder.stop();
    expect(sent(0).metadata?.name).not.toBe(sent(1).metadata?.name);
  });
});

describe('a repeated event', () => {
  it('is counted up on the first one', async () => {
    record();
    now += 1_000;
    record();
    await recorder.stop();
    expect(api.requests.map(({ method }) => method)).toEqual(['POST', 'PATCH']);
    expect(api.requests[1]?.path).toBe(
      `/apis/events.k8s.io/v1/namespaces/team-a/events/${sent(0).metadata?.name}`,
    );
    expect(sent(1)).toEqual({ series: { count: 2, lastObservedTime: '2026-11-23T06:00:01.005000Z' } });
    await expect(counted('counted')).resolves.toBe(1);
  });

  it('is made anew when the first one has lived its hour', async () => {
    record();
    record();
    api.once(isPatch, refusal(404, 'NotFound'));
    await expect.poll(() => counted('failed')).toBe(1);
    record();
    await recorder.stop();
    expect(api.requests.map(({ method }) => method)).toEqual(['POST', 'PATCH', 'POST']);
  });
});

describe('a write that fails', () => {
  it.each<[name: string, answer: Answer]>([
    ['with 500', refusal(500, 'InternalError')],
    ['with 403, for the namespace is going', refusal(403, 'Forbidden')],
    ['because the connection breaks', cut],
    ['because nobody answers', silence],
  ])('%s is counted, and the next event is written', async (_row, answer) => {
    api.once(isCreate, answer);
    record();
    record({ reason: 'Woken' });
    await recorder.stop();
    await expect(counted('failed')).resolves.toBe(1);
    await expect(counted('created')).resolves.toBe(1);
  });

  it('leaves no series behind, so that the next occurrence is written', async () => {
    api.once(isCreate, refusal(500, 'InternalError'));
    record();
    await expect.poll(() => counted('failed')).toBe(1);
    record();
    await recorder.stop();
    await expect(counted('created')).resolves.toBe(1);
  });
});

describe('too many events', () => {
  it('about one object are limited', async () => {
    for (let index = 0; index < 40; index += 1) record({ note: `number ${index}` });
    await recorder.stop();
    expect(api.requests).toHaveLength(25);
    await expect(counted('limited')).resolves.toBe(15);
  });

  it('are dropped rather than kept in memory while the API is slow', async () => {
    api.always(isCreate, silence);
    for (let index = 0; index < 1_010; index += 1) {
      record({}, { ...object, metadata: { ...object.metadata, name: `wine-${index}` } });
    }
    await expect(counted('dropped')).resolves.toBe(10);
    await transport.close();
  });

  it('do not hold up a stop while the API is silent', async () => {
    api.always(isCreate, silence);
    for (const reason of ['One', 'Two', 'Three']) record({ reason });
    const startedAt = performance.now();
    await recorder.stop(20);
    expect(performance.now() - startedAt).toBeLessThan(190);
    await expect(counted('failed')).resolves.toBe(3);
  });

  it('after stop are dropped', async () => {
    await recorder.stop();
    record();
    await expect(counted('dropped')).resolves.toBe(1);
    expect(api.requests).toHaveLength(0);
  });
});
