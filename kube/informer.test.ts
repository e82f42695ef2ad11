/** Owns the proof that handlers hear of each change, late ones too, and that a broken one harms nobody. */
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startInformer } from './informer.ts';
import type { Informer } from './informer.ts';
import { pods } from './kinds.ts';
import type { Pod } from './kinds.ts';
import { makeKubeMetrics } from './kube-metrics.ts';
import type { Change } from './store.ts';
import { startFakeApiServer } from './testing/fake-api-server.ts';
import type { FakeApiServer } from './testing/fake-api-server.ts';
import { plainTransport, silentLog } from './testing/plain-access.ts';
import { added, aPod, deleted, isList, isWatch, modified, page, watching } from './testing/watch-answers.ts';
import type { KubeTransport } from './transport.ts';

let api: FakeApiServer;
let transport: KubeTransport;
let informer: Informer<Pod>;
const registry = new Registry();
const metrics = makeKubeMetrics(registry);
beforeEach(async () => {
  api = await startFakeApiServer();
  transport = plainTransport(api.url);
  api.always(isList, page([aPod('a', '1')], '10'));
  api.always(
    isWatch,
    watching([added(aPod('b', '11')), modified(aPod('a', '12')), deleted(aPod('b', '13'))]),
  );
  informer = startInformer({
    transport,
    kind: pods,
    log: silentLog,
    metrics,
    indexes: { name: (pod) => [pod.metadata?.name ?? ''] },
  });
});
afterEach(async () => {
  await informer.stop();
  await transport.close();
  await api.stop();
});

const tell = (changes: string[]) => (change: Change<Pod>) =>
  void changes.push(`${change.type} ${change.object.metadata?.name}`);
const whole = ['added a', 'added b', 'updated a', 'deleted b'];

describe('an informer', () => {
  it('tells a handler of everything in order, and the store knows before', async () => {
    const changes: string[] = [];
    const seen: unknown[] = [];
    informer.onChange(tell(changes));
    informer.onChange((change) => seen.push(informer.store.byIndex('name', 'b').length, change.type));
    await expect.poll(() => changes).toEqual(whole);
    expect(seen).toEqual([0, 'added', 1, 'added', 1, 'updated', 0, 'deleted']);
    expect(informer.hasSynced()).toBe(true);
  });

  it('tells a handler that comes late of what is there', async () => {
    await informer.synced;
    await expect.poll(() => informer.store.get('team-a/a')?.metadata?.resourceVersion).toBe('12');
    const changes: string[] = [];
    informer.onChange(tell(changes));
    expect(changes).toContain('added a');
  });

  it('tells a removed handler nothing more', async () => {
    const changes: string[] = [];
    const stayed: string[] = [];
    const remove = informer.onChange(tell(changes));
    informer.onChange(tell(stayed));
    remove();
    await expect.poll(() => stayed).toEqual(whole);
    expect(changes).toEqual([]);
  });

  it('goes on when a handler throws, counts it, and tells the others', async () => {
    const changes: string[] = [];
    informer.onChange(() => {
      throw new Error('a defect');
    });
    informer.onChange(tell(changes));
    await expect.poll(() => changes).toEqual(whole);
    await expect(registry.metrics()).resolves.toContain(
      'fairlead_kube_handler_failures_total{resource="pods"} 4',
    );
    expect(api.requests.filter(isWatch)).toHaveLength(1);
  });

  it('says how long the server has been silent, until it is stopped', async () => {
    await informer.synced;
    const silence = async (): Promise<number> =>
      Number(/seconds_since_last_event{resource="pods"} (\S+)/.exec(await registry.metrics())?.[1]);
    await expect(silence()).resolves.toBeLessThan(10);
    await informer.stop();
    await expect(silence()).resolves.toBeNaN();
  });

  it('says how many objects it holds', async () => {
    await informer.synced;
    await expect.poll(() => registry.metrics()).toContain('fairlead_kube_store_objects{resource="pods"} 1');
  });
});
