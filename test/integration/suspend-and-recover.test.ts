/** Owns the proof that an endpoint is stopped and started, and that it gets over the loss of what is known of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { annotations } from '../../crds/schema/api.ts';
import {
  controllerRevisions,
  deployments,
  horizontalPodAutoscalers,
  servingEndpoints,
} from '../../kube/kinds.ts';
import type { Deployment } from '../../kube/kinds.ts';
import { anEndpoint } from '../support/an-endpoint.ts';
import { kstatusOf } from '../support/kstatus.ts';
import { deploymentsOf, startObligingNodes } from './harness/nodes.ts';
import { until } from './harness/until.ts';
import { startWorld } from './harness/world.ts';
import type { RunningOperator, World } from './harness/world.ts';

let world: World;
let operator: RunningOperator;
let nodes: { stop(): Promise<void> };

beforeAll(async () => {
  world = await startWorld();
  nodes = startObligingNodes(world.client);
  operator = await world.startOperator();
});
afterAll(async () => {
  await nodes.stop();
  await world.stop();
});

const serving = (name: string, version = 1) => anEndpoint(name).servingModel(`models:/iris/${version}`);
const refOf = (name: string) => ({ name, namespace: 'default' });
const statusOf = async (name: string) => (await world.endpoint(name)).status ?? {};
const untilReady = (name: string) =>
  until(`${name} is ready`, async () => {
    const endpoint = await world.endpoint(name);
    return endpoint.status?.ready === 'True' && kstatusOf(endpoint) === 'Current' && endpoint;
  });
const onlyDeployment = async (name: string): Promise<Deployment> => {
  const [deployment, ...others] = await deploymentsOf(world.client, name);
  expect(others).toEqual([]);
  return deployment!;
};

describe('stopping', () => {
  it('takes everything to zero without forgetting it, and starting brings it up before it is routed to', async () => {
    await world.apply(serving('pine').manifest());
    await untilReady('pine');
    const before = await onlyDeployment('pine');
    await until('it has an autoscaler', () =>
      world.client.find(horizontalPodAutoscalers, refOf(before.metadata!.name!)),
    );

    await world.apply(serving('pine').withSpec({ suspended: true }).manifest());
    const stopped = await until('it is stopped', async () => {
      const endpoint = await world.endpoint('pine');
      return endpoint.status?.suspended !== undefined && kstatusOf(endpoint) === 'Current' && endpoint;
    });
    expect(stopped.status).toMatchObject({ ready: 'Suspended', active: { configVersion: 1 } });
    expect(stopped.status?.traffic).toBeUndefined();
    const during = await onlyDeployment('pine');
    expect(during.metadata?.uid).toBe(before.metadata?.uid);
    expect(during.spec?.replicas).toBe(0);
    await until(
      'its autoscaler goes',
      async () =>
        (await world.client.find(horizontalPodAutoscalers, refOf(before.metadata!.name!))) === undefined,
    );

    await world.client.scale.mergePatch(deployments, refOf(before.metadata!.name!), {
      spec: { replicas: 1 },
    });
    await until(
      'what somebody wakes goes back to zero',
      async () => (await onlyDeployment('pine')).spec?.replicas === 0,
    );

    await world.apply(serving('pine').withSpec({ suspended: false }).manifest());
    const started = await untilReady('pine');
    expect(started.status).toMatchObject({ active: { configVersion: 1 }, traffic: [{ percent: 100 }] });
    expect((await onlyDeployment('pine')).metadata?.uid).toBe(before.metadata?.uid);
  });
});

describe('a status that is lost', () => {
  it('is found again from the records: nothing is deployed anew, no number is given twice', async () => {
    await world.apply(serving('larch').manifest());
    await untilReady('larch');
    await world.apply(serving('larch', 2).manifest());
    await until('version 2 is active', async () => (await statusOf('larch')).active?.configVersion === 2);
    await until(
      'only its Deployment is left',
      async () => (await deploymentsOf(world.client, 'larch')).length === 1,
    );
    const noted = await until('its record says so', async () => {
      const record = await world.client.get(controllerRevisions, refOf('larch-config-2'));
      return record.metadata?.annotations?.[annotations.activeSince];
    });
    const before = await onlyDeployment('larch');

    await operator.stop();
    const lost = Object.fromEntries(Object.keys(await statusOf('larch')).map((field) => [field, null]));
    await world.client.status.mergePatch(servingEndpoints, refOf('larch'), { status: lost });
    expect((await world.endpoint('larch')).status?.active).toBeUndefined();
    operator = await world.startOperator();
    const found = await untilReady('larch');
    expect(found.status).toMatchObject({
      active: { configVersion: 2 },
      traffic: [{ deployment: before.metadata?.name, configVersion: 2 }],
    });
    expect(noted).toMatch(/^\d{4}-/);
    const after = await onlyDeployment('larch');
    expect([after.metadata?.uid, after.metadata?.generation]).toEqual([
      before.metadata?.uid,
      before.metadata?.generation,
    ]);
  });
});

describe('an endpoint that is made again before its objects are gone', () => {
  it('waits for them, says so, and then is brought up', async () => {
    await world.apply(serving('cedar').manifest());
    await untilReady('cedar');
    const old = await onlyDeployment('cedar');
    const name = old.metadata!.name!;
    // Something holds the old Deployment for a while, as a busy garbage collector does.
    await world.client.mergePatch(deployments, refOf(name), { metadata: { finalizers: ['test/hold'] } });
    await world.client.delete(servingEndpoints, refOf('cedar'));
    await world.apply(serving('cedar').manifest());
    const waiting = await until('it waits', async () => {
      const endpoint = await world.endpoint('cedar');
      const told = JSON.stringify(endpoint.status ?? {});
      return told.includes('WaitingForCleanup') && endpoint;
    });
    expect(kstatusOf(waiting)).toBe('InProgress');
    await world.client.mergePatch(deployments, refOf(name), { metadata: { finalizers: null } });
    await untilReady('cedar');
    expect((await onlyDeployment('cedar')).metadata?.uid).not.toBe(old.metadata?.uid);
  });

  it('serves, and is Ready, although its old autoscaler takes longer to go', async () => {
    await world.apply(serving('rowan').manifest());
    await untilReady('rowan');
    const ref = refOf((await onlyDeployment('rowan')).metadata!.name!);
    const old = await until('it has its HPA', () => world.client.find(horizontalPodAutoscalers, ref));
    const hold = (finalizers: string[] | null) =>
      world.client.mergePatch(horizontalPodAutoscalers, ref, { metadata: { finalizers } });
    await hold(['test/hold']);
    await world.client.delete(servingEndpoints, refOf('rowan'));
    await world.apply(serving('rowan').manifest());
    const waiting = await until('it serves and says what it lacks', async () => {
      const endpoint = await world.endpoint('rowan');
      const [row] = endpoint.status?.servedEntities ?? [];
      return row?.reason === 'WaitingForCleanup' && endpoint.status?.traffic !== undefined && endpoint;
    });
    expect(waiting.status).toMatchObject({ ready: 'True', servedEntities: [{ state: 'Ready' }] });
    expect(waiting.status?.conditions).toContainEqual(
      expect.objectContaining({ type: 'Autoscaling', status: 'Unknown', reason: 'Pending' }),
    );
    expect(kstatusOf(waiting)).toBe('InProgress');
    await hold(null);
    const settled = await until('it has nothing left to wait for', async () => {
      const endpoint = await world.endpoint('rowan');
      return kstatusOf(endpoint) === 'Current' && endpoint;
    });
    expect(settled.status).toMatchObject({ ready: 'True', active: { configVersion: 1 } });
    const made = await world.client.get(horizontalPodAutoscalers, ref);
    expect(made.metadata?.uid).not.toBe(old.metadata?.uid);
  });
});
