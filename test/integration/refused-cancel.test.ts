/** Owns the proof that a cancellation which may not be written into the spec is carried out all the same, and told. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { annotations } from '../../crds/schema/api.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { events, services, servingEndpoints, validatingWebhookConfigurations } from '../../kube/kinds.ts';
import { makeKind } from '../../kube/resource.ts';
import type { KubeObject } from '../../kube/resource.ts';
import { anEndpoint } from '../support/an-endpoint.ts';
import { kstatusOf } from '../support/kstatus.ts';
import { deploymentsOf, setReady } from './harness/nodes.ts';
import { until } from './harness/until.ts';
import { startWorld, systemNamespace } from './harness/world.ts';
import type { World } from './harness/world.ts';

interface Role extends KubeObject {
  readonly rules?: readonly { readonly resources?: readonly string[]; readonly verbs: readonly string[] }[];
}
const clusterRoles = makeKind<Role>('rbac.authorization.k8s.io/v1', 'ClusterRole', 'clusterroles', 'cluster');
const role = { name: 'fairlead-operator' };
const webhook = { name: 'freeze' };
const refusalRetryMs = 3_000;

let world: World;

beforeAll(async () => {
  world = await startWorld();
  const refusalRetry = `${refusalRetryMs}ms`;
  await world.startOperator({ deadlines: { afterSwitch: '100ms', refusalRetry } });
});
afterAll(() => world.stop());

const serving = (name: string, version: number) =>
  anEndpoint(name).servingModel(`models:/iris/${version}`).manifest();
const updateOf = ({ status }: ServingEndpoint) =>
  status?.conditions?.find(({ type }) => type === 'ConfigUpdate');
const attempts = (name: string) =>
  world.proxy.seen.filter(
    ({ method, path }) => method === 'PATCH' && path.endsWith(`/servingendpoints/${name}`),
  ).length;

async function takeRight(): Promise<() => Promise<unknown>> {
  const { rules = [] } = await world.client.get(clusterRoles, role);
  const without = rules.filter(
    ({ resources, verbs }) => !(resources?.includes('servingendpoints') === true && verbs.includes('patch')),
  );
  await world.client.mergePatch(clusterRoles, role, { rules: without });
  return () => world.client.mergePatch(clusterRoles, role, { rules });
}

/** Nobody answers there. */
async function freeze(): Promise<() => Promise<unknown>> {
  const username = `system:serviceaccount:${systemNamespace}:fairlead-operator`;
  await world.client.create(validatingWebhookConfigurations, {
    metadata: webhook,
    webhooks: [
      {
        name: 'freeze.example.org',
        clientConfig: { url: 'https://127.0.0.1:1/' },
        rules: [
          {
            apiGroups: ['serving.fairlead.dev'],
            apiVersions: ['*'],
            operations: ['UPDATE'],
            resources: ['servingendpoints'],
          },
        ],
        matchConditions: [{ name: 'operator', expression: `request.userInfo.username == "${username}"` }],
        failurePolicy: 'Fail',
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      },
    ],
  });
  return () => world.client.delete(validatingWebhookConfigurations, webhook);
}

describe.each([
  ['the right to do so', 'plum', takeRight, /403.*forbidden.*grant the verb/i],
  ['an answer of an admission webhook', 'pear', freeze, /500.*failed calling webhook "freeze\.example\.org"/],
] as const)('a cancellation that is not written back for want of %s', (_what, name, hinder, words) => {
  const ref = { name, namespace: 'default' };

  it('is told, stops the update, and holds nothing else up until it can be written', async () => {
    await world.apply(serving(name, 1));
    const [old] = await until('its Deployment', async () => {
      const all = await deploymentsOf(world.client, name);
      return all.length === 1 && all;
    });
    await setReady(world.client, old!);
    await until('version 1 is active', async () => (await world.endpoint(name)).status?.active !== undefined);
    await world.apply(serving(name, 2));
    await until(
      'version 2 is brought up',
      async () => (await deploymentsOf(world.client, name)).length === 2,
    );

    const letGo = await hinder();
    const began = performance.now();
    const metadata = { annotations: { [annotations.cancelUpdate]: '2' } };
    await world.client.mergePatch(servingEndpoints, ref, { metadata });
    const told = await until('it is told', async () => {
      const endpoint = await world.endpoint(name);
      return updateOf(endpoint)?.reason === 'CancelRefused' && endpoint;
    });
    expect(updateOf(told)).toMatchObject({
      status: 'False',
      message: expect.stringMatching(words) as string,
    });
    expect(told.status).toMatchObject({ ready: 'True', active: { configVersion: 1 }, version: '1' });
    expect(told.status?.pending).toBeUndefined();
    expect(told.spec.servedEntities).toMatchObject([{ model: { uri: 'models:/iris/2' } }]);
    expect(kstatusOf(told)).toBe('Failed');
    await until('there is an event', async () => {
      const { items } = await world.client.list(events, { namespace: 'default' });
      return items.some(
        ({ reason, type, regarding }) =>
          reason === 'CancelRefused' && type === 'Warning' && regarding?.name === name,
      );
    });

    // Each of these is seen by a reconcile of its own.
    const uidOf = async () =>
      (await world.client.find(services, { name: old!.metadata!.name!, namespace: 'default' }))?.metadata
        ?.uid;
    const lost = await uidOf();
    await until(
      'only the active Deployment stays',
      async () => (await deploymentsOf(world.client, name)).length === 1,
    );
    await world.client.delete(services, { name: old!.metadata!.name!, namespace: 'default' });
    await until(
      'what is lost of the active version is made again',
      async () => ![lost, undefined].includes(await uidOf()),
    );
    await setReady(world.client, old!, 0);
    await until(
      'the status follows the active version',
      async () => (await world.endpoint(name)).status?.ready === 'False',
    );
    await setReady(world.client, old!);
    await until('it is Ready again', async () => (await world.endpoint(name)).status?.ready === 'True');
    const most = 2 + (performance.now() - began) / refusalRetryMs;
    expect(attempts(name)).toBeLessThan(most);

    await letGo();
    const written = await until('the active config is in the spec', async () => {
      const endpoint = await world.endpoint(name);
      return updateOf(endpoint)?.reason === 'UpdateCanceled' && endpoint;
    });
    expect(written.spec.servedEntities).toMatchObject([{ model: { uri: 'models:/iris/1' } }]);
    expect(kstatusOf(written)).toBe('Current');
  });
});
