/** Owns the proof that an update is given up for the time in which it was worked on, and for no other. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { leases, servingEndpoints, services, validatingWebhookConfigurations } from '../../kube/kinds.ts';
import type { Clock } from '../../platform/clock.ts';
import { fieldManager } from '../../operator/serving-endpoint/names.ts';
import { anEndpoint } from '../support/an-endpoint.ts';
import type { EndpointBuilder } from '../support/an-endpoint.ts';
import { deploymentsOf, setReady } from './harness/nodes.ts';
import { until } from './harness/until.ts';
import { startWorld, systemNamespace } from './harness/world.ts';
import type { RunningOperator, World } from './harness/world.ts';

const hour = 3_600_000;
let world: World;
let operator: RunningOperator;
let aheadMs = 0;
const clock: Clock = { now: () => Date.now() + aheadMs, monotonic: () => performance.now() };

beforeAll(async () => {
  world = await startWorld();
  operator = await world.startOperator({}, clock);
});
afterAll(() => world.stop());

const serving = (name: string, version: number): EndpointBuilder =>
  anEndpoint(name).servingModel(`models:/iris/${version}`);
const refOf = (name: string) => ({ name, namespace: 'default' });
const statusOf = async (name: string) => (await world.endpoint(name)).status ?? {};
const timeAgo = (ms: number) => new Date(Date.now() - ms).toISOString();

/** Leaves the endpoint with version 2 pending, for as long as nobody makes its pod ready. */
async function beginUpdate(name: string): Promise<void> {
  await world.apply(serving(name, 1).manifest());
  const [first] = await until('its Deployment', async () => {
    const all = await deploymentsOf(world.client, name);
    return all.length === 1 && all;
  });
  await setReady(world.client, first!);
  await until('version 1 is active', async () => (await statusOf(name)).active !== undefined);
  await world.apply(serving(name, 2).manifest());
  await until('version 2 is brought up', async () => (await deploymentsOf(world.client, name)).length === 2);
  await until('version 2 is pending', async () => (await statusOf(name)).pending?.configVersion === 2);
}

/** As the operator would have written it: whoever else wrote the field would own it, too. */
async function setPendingSince(name: string, since: string): Promise<void> {
  const { apiVersion, kind, status } = await world.endpoint(name);
  const pending = { configVersion: 2, since: since.replace(/\.\d+Z$/, 'Z') };
  const object = { apiVersion, kind, metadata: refOf(name), status: { ...status, pending } };
  await world.client.status.apply(servingEndpoints, object as ServingEndpoint, { fieldManager });
}

const setLeaseTime = (renewTime: string) =>
  world.client.mergePatch(
    leases,
    { name: 'fairlead-operator', namespace: systemNamespace },
    { spec: { renewTime: renewTime.replace('Z', '000Z') } },
  );

const untilBegunAnew = (name: string) =>
  until('its time begins anew', async () => {
    const { pending, failed } = await statusOf(name);
    expect(failed).toBeUndefined();
    return pending !== undefined && Date.parse(pending.since) > clock.now() - 60_000;
  });

describe('an update that is not ready', () => {
  it('is given up at its deadline, also when the leader changes on the way', async () => {
    await beginUpdate('rose');
    await operator.stop();
    await setPendingSince('rose', timeAgo(2 * hour));
    operator = await world.startOperator({}, clock);
    const failed = await until('it is given up', async () => (await statusOf('rose')).failed);
    expect(failed).toMatchObject({ configVersion: 2, reason: 'DeadlineExceeded' });
  });

  it('has its time anew after no operator ran for a while', async () => {
    await beginUpdate('lily');
    await operator.stop();
    await setPendingSince('lily', timeAgo(2 * hour));
    await setLeaseTime(timeAgo(2 * hour - 60_000));
    operator = await world.startOperator({}, clock);
    await untilBegunAnew('lily');
    // The next leader knows of no break, and need not.
    await operator.stop();
    operator = await world.startOperator({}, clock);
    await world.apply(serving('lily', 2).withSpec({ description: 'look again' }).manifest());
    await until('it has looked', async () => {
      const { metadata, status } = await world.endpoint('lily');
      return status?.observedGeneration === metadata.generation;
    });
    expect((await statusOf('lily')).failed).toBeUndefined();
  });

  it('has its time anew after its public name was taken', async () => {
    await world.apply(serving('holder', 1).withSpec({ endpointName: 'wine' }).manifest());
    await until('the name is held', async () => (await statusOf('holder')).url);
    await beginUpdate('aster');
    await world.apply(serving('aster', 2).withSpec({ endpointName: 'wine' }).manifest());
    const readyOf = async () => (await statusOf('aster')).conditions?.find(({ type }) => type === 'Ready');
    await until('it is blocked', async () => (await readyOf())?.reason === 'NameTaken');
    await setPendingSince('aster', timeAgo(2 * hour));
    await world.client.delete(servingEndpoints, refOf('holder'));
    await untilBegunAnew('aster');
  });

  it('has its time anew after nothing could be written for it for a while', async () => {
    await beginUpdate('iris');
    const { pending } = await statusOf('iris');
    const [name] = (await deploymentsOf(world.client, 'iris')).map(({ metadata }) => metadata!.name!);
    const webhook = { name: 'unreachable' };
    await world.client.create(validatingWebhookConfigurations, {
      metadata: webhook,
      webhooks: [
        {
          name: 'unreachable.example.org',
          clientConfig: { url: 'https://127.0.0.1:1/' },
          rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['services'] }],
          failurePolicy: 'Fail',
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
        },
      ],
    });
    const failures = () =>
      world.proxy.seen.filter(({ path, status }) => path.endsWith(`/services/${name}`) && status === 500)
        .length;
    await world.client.delete(services, refOf(name!));
    await until('it fails', () => failures() > 0);
    aheadMs = 2 * hour;
    const before = failures();
    await until('it fails on', () => failures() > before);
    await world.client.delete(validatingWebhookConfigurations, webhook);
    await untilBegunAnew('iris');
    expect((await statusOf('iris')).pending?.since).not.toBe(pending?.since);
  });
});
