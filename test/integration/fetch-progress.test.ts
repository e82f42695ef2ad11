/** Owns the proof that how far a fetch is gets from a sidecar's reports into the status, at a pace, and out of it again. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServedEntityStatus } from '../../crds/schema/serving-endpoint.ts';
import { pods } from '../../kube/kinds.ts';
import type { Pod } from '../../kube/kinds.ts';
import { anEndpoint } from '../support/an-endpoint.ts';
import { createPod, deploymentsOf } from './harness/nodes.ts';
import { aReport, ask, tlsOf } from './harness/proxies.ts';
import type { Answer, MutualTls } from './harness/proxies.ts';
import { until } from './harness/until.ts';
import { startWorld } from './harness/world.ts';
import type { RunningOperator, World } from './harness/world.ts';

const name = 'slow';
const pod = 'slow-pod';
const totalBytes = 4 * 2 ** 30;

let world: World;
let operator: RunningOperator;
let deployment: string;
let tls: MutualTls;

beforeAll(async () => {
  world = await startWorld();
  operator = await listening();
  await world.apply(anEndpoint(name).servingModel('models:/iris/1').manifest());
  const [made] = await until('a Deployment', async () => {
    const found = await deploymentsOf(world.client, name);
    return found.length > 0 && found;
  });
  deployment = made!.metadata!.name!;
  tls = await tlsOf(world.client, 'default', `${name}-sidecar-tls`);
  await createPod(world.client, made!, pod, podWith({ running: { startedAt: '2026-01-01T00:00:00Z' } }));
});
afterAll(() => world.stop());

async function listening(): Promise<RunningOperator> {
  const started = await world.startOperator();
  await until('it listens', () => Object.keys(started.health.unreadyReasons()).length === 0);
  return started;
}

/** The state of a pod whose sidecar runs, and its fetcher as `state` says. */
function podWith(state: object): NonNullable<Pod['status']> {
  const container = { image: 'any', imageID: '', restartCount: 0 };
  const sidecar = { running: { startedAt: '2026-01-01T00:00:00Z' } };
  return {
    phase: 'Pending',
    initContainerStatuses: [
      { ...container, name: 'sidecar', ready: false, started: true, state: sidecar },
      { ...container, name: 'fetch-model', ready: false, started: false, state },
    ],
  };
}

const row = async (): Promise<ServedEntityStatus | undefined> =>
  (await world.endpoint(name)).status?.servedEntities?.[0];

function report(bytes: number, from = pod): Promise<Answer> {
  const plain = aReport(from, { endpoint: name, deployment });
  const entries = plain.entries.map((entry) => ({ ...entry, fetchProgress: { bytes, totalBytes } }));
  return ask(`https://${operator.host}:8444/v1/demand`, 'POST', tls, { ...plain, entries });
}

const statusWrites = (): number =>
  world.proxy.seen.filter(({ method, path }) => method !== 'GET' && path.includes(`/${name}/status`)).length;

describe('how far a fetch is', () => {
  it('is in the status as soon as the sidecar has told it, for programs and for people', async () => {
    const told = await until('it is told', async () => {
      // The operator may not have seen the pod yet.
      await report(totalBytes / 4);
      const now = await row();
      return now?.fetch !== undefined && now;
    });
    expect(told).toMatchObject({
      reason: 'FetchingModel',
      message: 'the model is being fetched: 1.0 GiB of 4.0 GiB (25 %)',
      fetch: { pod, bytes: totalBytes / 4, totalBytes },
    });
  });

  it('is written once, however often the sidecar tells something new meanwhile', async () => {
    const before = statusWrites();
    let bytes = totalBytes / 4;
    await until('it has grown', async () => {
      bytes += 2 ** 20;
      expect((await report(bytes)).status).toBe(204);
      return ((await row())?.fetch?.bytes ?? 0) > totalBytes / 4;
    });
    expect(statusWrites() - before).toBe(1);
    expect(bytes).toBeGreaterThan(totalBytes / 4 + 3 * 2 ** 20);
  });

  it('is refused where it is no number of bytes', async () => {
    const before = (await row())?.fetch;
    for (const bytes of [-1, 0.5, 2 ** 60]) {
      const { status, body } = await report(bytes);
      expect(status).toBe(400);
      expect(body).toContain('fetchProgress.bytes');
    }
    expect((await row())?.fetch).toEqual(before);
  });

  it('counts from nobody who is no pod of the Deployment', async () => {
    const before = (await row())?.fetch;
    expect((await report(totalBytes, 'made-up')).status).toBe(204);
    expect((await row())?.fetch).toEqual(before);
  });

  it('stays in the status when the leader changes', async () => {
    const before = await row();
    await operator.stop();
    operator = await listening();
    await until('the new one has looked', async () => (await operator.reconciles()) > 0);
    expect(await row()).toEqual(before);
    await until('it goes on', async () => {
      await report(totalBytes / 2);
      return (await row())?.fetch?.bytes === totalBytes / 2;
    });
  });

  it('is gone from the status when the fetch is over', async () => {
    const status = podWith({ terminated: { exitCode: 0, reason: 'Completed', message: '{}' } });
    await world.client.status.mergePatch(pods, { name: pod, namespace: 'default' }, { status });
    const now = await until('it is gone', async () => {
      const seen = await row();
      return seen?.fetch === undefined && seen;
    });
    expect(now).toMatchObject({ reason: 'Starting', message: 'the pod is being started' });
  });
});
