/** Owns the proof that a collection comes as a stream where the server can, in pages where it cannot, and whole either way. */
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pods } from './kinds.ts';
import type { Pod } from './kinds.ts';
import { makeKubeMetrics } from './kube-metrics.ts';
import type { KubeMetrics } from './kube-metrics.ts';
import { Reflector } from './reflector.ts';
import type { ReflectorTimings } from './reflector.ts';
import { Store } from './store.ts';
import { cut, isStream, refusal, silence, startFakeApiServer } from './testing/fake-api-server.ts';
import type { Answer, FakeApiServer } from './testing/fake-api-server.ts';
import { plainTransport, silentLog } from './testing/plain-access.ts';
import {
  added,
  aPod,
  bookmark,
  deleted,
  endOfInitial,
  errorEvent,
  isList,
  isWatch,
  modified,
  page,
  watching,
} from './testing/watch-answers.ts';
import type { KubeTransport } from './transport.ts';

const timings: Partial<ReflectorTimings> = {
  answerTimeoutMs: 150,
  shortWatchMs: 0,
  backoff: { initialMs: 5, maxMs: 20, resetAfterMs: 1_000 },
};

let api: FakeApiServer;
let transport: KubeTransport;
let store: Store<Pod>;
let metrics: KubeMetrics;
let reflector: Reflector<Pod> | undefined;
beforeEach(async () => {
  api = await startFakeApiServer();
  transport = plainTransport(api.url);
  store = new Store<Pod>();
  metrics = makeKubeMetrics(new Registry());
});
afterEach(async () => {
  await reflector?.stop();
  await transport.close();
  await api.stop();
});

const prepare = (pod: Pod): Pod => ({ ...pod, metadata: { ...pod.metadata, labels: { prepared: 'yes' } } });

function start(changed: Partial<ReflectorTimings> = {}): Reflector<Pod> {
  const sink = {
    replace: (objects: readonly Pod[]) => void store.replace(objects),
    upsert: (object: Pod) => void store.upsert(object),
    remove: (object: Pod) => void store.remove(object),
  };
  const options = { transport, kind: pods, sink, prepare, log: silentLog, metrics };
  reflector = new Reflector<Pod>({ ...options, timings: { ...timings, ...changed } });
  reflector.start();
  return reflector;
}
const held = (): string[] =>
  store
    .list()
    .map(({ metadata }) => `${metadata?.name}@${metadata?.resourceVersion}`)
    .sort();
const holdsEventually = (expected: string[]): Promise<void> =>
  expect.poll(held, { timeout: 3_000 }).toEqual(expected);
const queriesOf = (matcher: typeof isStream): Record<string, string>[] =>
  api.requests.filter(matcher).map(({ query }) => Object.fromEntries(query));

describe('a collection that the server streams', () => {
  it('is asked for in one request, which then goes on as the watch', async () => {
    api.once(
      isStream,
      watching([added(aPod('a', '1')), added(aPod('b', '2')), endOfInitial('10'), modified(aPod('a', '11'))]),
    );
    await start().synced;
    await holdsEventually(['a@11', 'b@2']);
    expect(api.requests).toHaveLength(1);
    expect(queriesOf(isStream)[0]).toMatchObject({
      watch: 'true',
      sendInitialEvents: 'true',
      resourceVersionMatch: 'NotOlderThan',
      resourceVersion: '0',
      allowWatchBookmarks: 'true',
    });
  });

  it('is in the store only once it is whole, with what changed while it came', async () => {
    api.once(isStream, watching([added(aPod('a', '1')), added(aPod('b', '2'))], 'hold'));
    const started = start({ answerTimeoutMs: 60_000 });
    await expect.poll(() => api.requests.length).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([held(), started.hasSynced()]).toEqual([[], false]);
    await started.stop();

    const changes = [added(aPod('a', '1')), added(aPod('b', '2')), deleted(aPod('a', '3'))];
    api.once(isStream, watching([...changes, modified(aPod('b', '4')), endOfInitial('10')]));
    await start().synced;
    expect(held()).toEqual(['b@4']);
  });

  it('has each object prepared before it is kept', async () => {
    api.once(isStream, watching([added(aPod('a', '1')), endOfInitial('10'), added(aPod('b', '11'))]));
    start();
    await holdsEventually(['a@1', 'b@11']);
    for (const pod of store.list()) expect(pod.metadata?.labels).toEqual({ prepared: 'yes' });
  });

  it('is watched on from its last version when the watch ends', async () => {
    api.once(isStream, watching([endOfInitial('10'), added(aPod('a', '11')), bookmark('20')], 'end'));
    api.once(isWatch, watching([added(aPod('b', '21'))]));
    start();
    await holdsEventually(['a@11', 'b@21']);
    expect(queriesOf(isWatch)[0]?.['resourceVersion']).toBe('20');
  });

  it('that was forgotten is streamed again at the newest version, and what went meanwhile is gone', async () => {
    api.once(isStream, watching([added(aPod('a', '1')), added(aPod('b', '2')), endOfInitial('10')], 'end'));
    api.once(isWatch, watching([errorEvent(410, 'Expired')], 'end'));
    api.once(isStream, watching([added(aPod('b', '2')), endOfInitial('50')]));
    start();
    await expect.poll(() => queriesOf(isStream).length).toBe(2);
    await holdsEventually(['b@2']);
    expect(queriesOf(isStream)[1]).not.toHaveProperty('resourceVersion');
  });

  it.each<[name: string, failure: Answer]>([
    ['500', refusal(500, 'InternalError')],
    ['403', refusal(403, 'Forbidden')],
    ['429 with Retry-After', refusal(429, 'TooManyRequests', '', { 'retry-after': '0' })],
    ['410', refusal(410, 'Expired')],
    ['a connection that is cut', cut],
    ['silence', silence],
    ['a stream that is cut half-way', watching([added(aPod('a', '1'))], 'cut', 20)],
    ['a stream that ends without having been complete', watching([added(aPod('x', '1'))], 'end')],
    ['a line that is not JSON', watching(['nonsense\n'])],
  ])('is streamed again after %s', async (_row, failure) => {
    api.once(isStream, failure);
    api.once(isStream, watching([added(aPod('a', '1')), endOfInitial('10')]));
    start();
    await holdsEventually(['a@1']);
    expect(api.requests.every(isStream)).toBe(true);
  });

  it('and that expires at once, again and again, is met with pauses', async () => {
    api.always(isStream, watching([endOfInitial('11'), errorEvent(410, 'Expired')]));
    start({ backoff: { initialMs: 100, maxMs: 100, resetAfterMs: 60_000 } });
    await expect.poll(() => api.requests.length).toBeGreaterThanOrEqual(2);
    expect(api.requests.length).toBeLessThanOrEqual(4);
  });
});

describe('a server that does not stream lists', () => {
  it.each<[name: string, answer: Answer]>([
    ['refuses the request as invalid', refusal(422, 'Invalid')],
    ['does not know the parameters', refusal(400, 'BadRequest')],
    ['does not know them and says nothing more', watching([added(aPod('a', '1'))])],
  ])('and %s is read in pages, from then on', async (_row, answer) => {
    api.always(isStream, answer);
    api.once(isList, page([aPod('a', '1')], '10'));
    api.once(isList, page([aPod('a', '1'), aPod('c', '40')], '50'));
    api.once(isWatch, refusal(410, 'Expired'));
    api.always(isWatch, watching([]));
    start();
    await holdsEventually(['a@1', 'c@40']);
    expect(queriesOf(isStream)).toHaveLength(1);
  });
});

describe('stop', () => {
  it('ends a stream that is not complete yet', async () => {
    api.always(isStream, watching([added(aPod('a', '1'))]));
    const started = start({ answerTimeoutMs: 60_000 });
    await expect.poll(() => api.requests.length).toBe(1);
    await started.stop();
    expect(held()).toEqual([]);
  });
});
