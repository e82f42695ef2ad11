/** Owns the proof that the local copy becomes true again after everything that a server and a network can do to a watch. Longer than 300 lines, for all failures of one protocol share one harness. */
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { pods } from './kinds.ts';
import type { Pod } from './kinds.ts';
import { makeKubeMetrics } from './kube-metrics.ts';
import type { KubeMetrics } from './kube-metrics.ts';
import { Reflector } from './reflector.ts';
import type { ReflectorOptions, ReflectorTimings } from './reflector.ts';
import { Store } from './store.ts';
import { cut, refusal, silence, startFakeApiServer } from './testing/fake-api-server.ts';
import type { Answer, FakeApiServer, RecordedRequest } from './testing/fake-api-server.ts';
import { plainTransport, silentLog } from './testing/plain-access.ts';
import {
  added,
  aPod,
  bookmark,
  deleted,
  errorEvent,
  isList,
  isWatch,
  modified,
  page,
  watching,
} from './testing/watch-answers.ts';
import type { KubeTransport } from './transport.ts';

/** Short enough for tests; the proportions of the real ones. */
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

function start(options: Partial<ReflectorOptions<Pod>> = {}): Reflector<Pod> {
  const sink = {
    replace: (objects: readonly Pod[]) => void store.replace(objects),
    upsert: (object: Pod) => void store.upsert(object),
    remove: (object: Pod) => void store.remove(object),
  };
  reflector = new Reflector<Pod>({
    transport,
    kind: pods,
    sink,
    log: silentLog,
    metrics,
    ...options,
    timings: { ...timings, ...options.timings },
  });
  reflector.start();
  return reflector;
}
const held = (): string[] =>
  store
    .list()
    .map(({ metadata }) => `${metadata?.name}@${metadata?.resourceVersion}`)
    .sort();
const watches = (): RecordedRequest[] => api.requests.filter(isWatch);
const lists = (): RecordedRequest[] => api.requests.filter(isList);
const versionOf = (request: RecordedRequest | undefined): string | null | undefined =>
  request?.query.get('resourceVersion');
const holdsEventually = (expected: string[]): Promise<void> =>
  expect.poll(held, { timeout: 3_000 }).toEqual(expected);
const endsOf = async (cause: string): Promise<number> => {
  const { values } = await metrics.watchEnds.get();
  return values.find(({ labels }) => labels.cause === cause)?.value ?? 0;
};

/** A list of pod a, then a watch that goes wrong, then one that goes on. */
function failOnce(failure: Answer): void {
  api.always(isList, page([aPod('a', '1')], '10'));
  api.always(isWatch, watching([added(aPod('late', '30'))]));
  api.once(isWatch, failure);
}

describe('the first list', () => {
  it('is paged, accepts what the server has in memory, and makes the reflector synced', async () => {
    api.once(isList, page([aPod('a', '1')], '10', 'next'));
    api.once(isList, page([aPod('b', '2')], '10'));
    api.always(isWatch, watching([]));
    const started = start({ pageSize: 1 });
    expect(started.hasSynced()).toBe(false);
    await started.synced;
    expect(started.hasSynced()).toBe(true);
    expect(held()).toEqual(['a@1', 'b@2']);
    expect(lists().map(versionOf)).toEqual(['0', null]);
  });

  it.each([
    ['500', refusal(500, 'InternalError')],
    ['403', refusal(403, 'Forbidden')],
    ['429 with Retry-After', refusal(429, 'TooManyRequests', '', { 'retry-after': '0' })],
    ['a connection that is cut', cut],
    ['silence', silence],
    ['something that is not JSON', ((response) => response.end('<html>')) satisfies Answer],
  ])('is tried again after %s', async (_row, failure) => {
    api.always(isList, page([aPod('a', '1')], '10'));
    for (let count = 0; count < 3; count += 1) api.once(isList, failure);
    api.always(isWatch, watching([]));
    start();
    await holdsEventually(['a@1']);
  });

  it('asks for the newest version after a 410', async () => {
    api.always(isList, page([aPod('a', '1')], '10'));
    api.once(isList, refusal(410, 'Expired'));
    api.always(isWatch, watching([]));
    start();
    await holdsEventually(['a@1']);
    expect(lists().map(versionOf)).toEqual(['0', null]);
  });

  it('waits as long as the server asks', async () => {
    api.always(isList, page([aPod('a', '1')], '10'));
    api.once(isList, refusal(429, 'TooManyRequests', '', { 'retry-after': '0.3' }));
    api.always(isWatch, watching([]));
    const startedAt = performance.now();
    await start().synced;
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(299);
  });
});

describe('a watch', () => {
  it('goes on from the list, asks for bookmarks and for an end within its limits', async () => {
    api.always(isList, page([], '10'));
    api.always(isWatch, watching([]));
    start({
      namespace: 'team-a',
      labelSelector: 'x=y',
      metadataOnly: true,
      timings: { watchSeconds: [300, 600] },
    });
    await expect.poll(() => watches().length).toBe(1);
    const [request] = watches();
    expect(request?.path).toBe('/api/v1/namespaces/team-a/pods');
    expect(Object.fromEntries(request?.query ?? [])).toMatchObject({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '10',
      labelSelector: 'x=y',
    });
    const seconds = Number(request?.query.get('timeoutSeconds'));
    expect(seconds).toBeGreaterThanOrEqual(300);
    expect(seconds).toBeLessThanOrEqual(600);
    expect(request?.headers.accept).toContain('as=PartialObjectMetadata;');
  });

  it('brings additions, changes and deletions', async () => {
    api.always(isList, page([aPod('a', '1'), aPod('b', '2')], '10'));
    api.always(
      isWatch,
      watching([added(aPod('c', '11')), modified(aPod('a', '12')), deleted(aPod('b', '13'))]),
    );
    start();
    await holdsEventually(['a@12', 'c@11']);
  });

  it('goes on from the last bookmark when it ends as planned, without a pause', async () => {
    api.always(isList, page([], '10'));
    api.once(isWatch, watching([bookmark('20')], 'end'));
    api.once(isWatch, watching([added(aPod('a', '21')), bookmark('25')], 'end'));
    api.always(isWatch, watching([]));
    start({ timings: { backoff: { initialMs: 60_000, maxMs: 60_000, resetAfterMs: 1 } } });
    await expect.poll(() => watches().map(versionOf)).toEqual(['10', '20', '25']);
    expect(held()).toEqual(['a@21']);
    expect(lists()).toHaveLength(1);
  });

  it('that ends at once counts as a failure, so that reconnects do not come by the dozen', async () => {
    api.always(isList, page([], '10'));
    api.always(isWatch, watching([], 'end'));
    start({
      timings: { shortWatchMs: 1_000, backoff: { initialMs: 100, maxMs: 100, resetAfterMs: 60_000 } },
    });
    await expect.poll(() => watches().length).toBeGreaterThanOrEqual(2);
    expect(watches().length).toBeLessThanOrEqual(4);
    await expect.poll(() => endsOf('short')).toBeGreaterThanOrEqual(1);
  });

  it.each([
    ['is refused with 500', refusal(500, 'InternalError'), 'failed'],
    ['is refused with 429', refusal(429, 'TooManyRequests', '', { 'retry-after': '0' }), 'failed'],
    ['is refused with 403', refusal(403, 'Forbidden'), 'failed'],
    ['is never answered', silence, 'failed'],
    ['is cut between events', watching([bookmark('10')], 'cut'), 'failed'],
    ['brings an ERROR event that is not 410', watching([errorEvent(500, 'InternalError')], 'hold'), 'failed'],
  ])('that %s goes on from where it was', async (_row, failure, cause) => {
    failOnce(failure);
    start();
    await holdsEventually(['a@1', 'late@30']);
    expect(lists()).toHaveLength(1);
    expect(versionOf(watches().at(-1))).toBe('10');
    await expect(endsOf(cause)).resolves.toBe(1);
  });

  it('that is cut within a line does not take the half event, and gets it whole afterwards', async () => {
    api.always(isList, page([aPod('a', '1')], '10'));
    api.always(isWatch, watching([modified(aPod('a', '12'))]));
    const whole = modified(aPod('a', '12'));
    api.once(isWatch, watching([added(aPod('b', '11')), whole.slice(0, whole.length / 2)], 'cut', 20));
    start();
    await holdsEventually(['a@12', 'b@11']);
    expect(watches().map(versionOf)).toEqual(['10', '11']);
    expect(lists()).toHaveLength(1);
  });

  it('that says nothing until long after its end is dead: half-open, cut from our side', async () => {
    failOnce(watching([bookmark('15')], 'hold'));
    start({ timings: { watchSeconds: [0, 0], deadlineSlackMs: 100 } });
    await expect.poll(() => endsOf('deadline'), { timeout: 3_000 }).toBeGreaterThanOrEqual(1);
    await holdsEventually(['a@1', 'late@30']);
    expect(versionOf(watches()[1])).toBe('15');
  });

  it.each([
    ['a line that is not JSON', 'nonsense\n'],
    ['a line that is no event', '{"kind":"Pod"}\n'],
  ])('ends at %s and is followed by a fresh list, because what was missed is unknown', async (_row, line) => {
    failOnce(watching([added(aPod('b', '11')), line]));
    api.once(isList, page([aPod('a', '1')], '10'));
    api.once(isList, page([aPod('a', '14')], '20'));
    start();
    await holdsEventually(['a@14', 'late@30']);
    expect(lists().map(versionOf)).toEqual(['0', null]);
    await expect(endsOf('malformed')).resolves.toBe(1);
  });
});

describe('a version that the server has forgotten', () => {
  it.each([
    ['told by the HTTP status', refusal(410, 'Expired')],
    ['told by an ERROR event with the code', watching([errorEvent(410, 'Gone')])],
    ['told by an ERROR event with the reason', watching([bookmark('11'), errorEvent(0, 'Expired')])],
  ])('%s means a fresh list, and the deletions in the gap are found', async (_row, failure) => {
    api.once(isList, page([aPod('a', '1'), aPod('b', '2')], '10'));
    api.once(isList, page([aPod('a', '1'), aPod('c', '40')], '50'));
    api.once(isWatch, failure);
    api.always(isWatch, watching([]));
    start();
    await holdsEventually(['a@1', 'c@40']);
    expect(lists().map(versionOf)).toEqual(['0', null]);
    await expect.poll(() => versionOf(watches().at(-1))).toBe('50');
    await expect(endsOf('expired')).resolves.toBe(1);
  });

  it('again and again is met with pauses, not with a storm of lists', async () => {
    api.always(isList, page([], '10'));
    api.always(isWatch, refusal(410, 'Expired'));
    start({ timings: { backoff: { initialMs: 100, maxMs: 100, resetAfterMs: 60_000 } } });
    await expect.poll(() => lists().length).toBeGreaterThanOrEqual(2);
    expect(lists().length).toBeLessThanOrEqual(4);
  });
});

describe('a watch that begins well and expires at once', () => {
  it('again and again is met with pauses too', async () => {
    api.always(isList, page([], '10'));
    api.always(isWatch, watching([bookmark('11'), errorEvent(410, 'Expired')]));
    const backoff = { initialMs: 100, maxMs: 100, resetAfterMs: 60_000 };
    start({ timings: { shortWatchMs: 60_000, backoff } });
    await expect.poll(() => lists().length).toBeGreaterThanOrEqual(2);
    expect(lists().length).toBeLessThanOrEqual(4);
  });
});

describe('an API server that restarts', () => {
  it('is found again, and what happened meanwhile is in the store', async () => {
    api.always(isList, page([aPod('a', '1')], '10'));
    api.always(isWatch, watching([]));
    start();
    await holdsEventually(['a@1']);
    const { port } = new URL(api.url);
    await api.stop();
    api = await startFakeApiServer(undefined, Number(port));
    api.always(isList, page([aPod('b', '60')], '70'));
    api.once(isWatch, refusal(410, 'Expired'));
    api.always(isWatch, watching([]));
    await holdsEventually(['b@60']);
  });
});

describe('stop', () => {
  it.each<[name: string, list: Answer, watch: Answer]>([
    ['within a list', silence, silence],
    ['within a back-off', refusal(500, 'InternalError'), silence],
    ['before a watch is answered', page([], '10'), silence],
    ['within a watch', page([], '10'), watching([bookmark('11')])],
  ])('ends the reflector %s', async (_row, list, watch) => {
    api.always(isList, list);
    api.always(isWatch, watch);
    const started = start({
      timings: { answerTimeoutMs: 60_000, backoff: { initialMs: 60_000, maxMs: 60_000, resetAfterMs: 1 } },
    });
    await expect.poll(() => api.requests.length).toBeGreaterThanOrEqual(1);
    await started.stop();
    const count = api.requests.length;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(api.requests).toHaveLength(count);
  });
});

describe('what is observed', () => {
  it('counts the seconds since the server last said anything', async () => {
    let now = 0;
    api.always(isList, page([], '10'));
    api.always(isWatch, watching([]));
    const started = start({ clock: { now: () => now, monotonic: () => now } });
    await started.synced;
    now = 45_000;
    expect(started.secondsSinceLastEvent()).toBe(45);
  });
});
