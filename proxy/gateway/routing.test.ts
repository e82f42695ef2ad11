/** Owns the proof that requests go where their endpoint's `routing` says, and no longer than that says. */
import { expect, it } from 'vitest';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import type { SidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import { aWineEndpoint } from '../testing/cluster-fixture.ts';
import { aliceHeaders, winePath } from './gateway-fixture.ts';
import type { GatewayUnderTest } from './gateway-fixture.ts';
import { cleanUpAfterEach, deployment, startAtZero, startPod, startWithPods } from './wake-fixture.ts';

cleanUpAfterEach();

const other = 'wine-2222222222';

/** A gateway with two entities, of `shares` percent, and a pod for each. */
async function startTwo(
  shares: readonly [number, number],
  spec: Partial<ServingEndpoint['spec']>,
): Promise<{
  t: GatewayUnderTest;
  pods: readonly [SidecarUnderTest, SidecarUnderTest];
  share: (shares: readonly [number, number]) => Promise<void>;
}> {
  const t = await startAtZero();
  const pods = [
    await startPod(),
    await startPod((config) => ({ ...config, servedEntity: 'wine-2' })),
  ] as const;
  t.cluster.setPods('team-a', deployment, [{ ...pods[0].sidecar.data, ready: true }]);
  t.cluster.setPods('team-a', other, [{ ...pods[1].sidecar.data, ready: true }]);
  const share = async ([one, two]: readonly [number, number]): Promise<void> => {
    t.cluster.setEndpoint(
      aWineEndpoint((endpoint) => ({
        ...endpoint,
        spec: { ...endpoint.spec, ...spec },
        status: {
          traffic: [
            { servedEntity: 'wine-1', percent: one, deployment, configVersion: 1 },
            { servedEntity: 'wine-2', percent: two, deployment: other, configVersion: 1 },
          ],
        },
      })),
    );
    await t.caughtUp();
  };
  await share(shares);
  return { t, pods, share };
}

const entityOf = async (t: GatewayUnderTest, headers: Record<string, string>): Promise<unknown> =>
  (await t.send({ headers: { ...aliceHeaders, ...headers } })).headers['served-model-name'];

it.each<[string, NonNullable<ServingEndpoint['spec']['routing']>, (key: string) => Record<string, string>]>([
  ['header', { sticky: { header: 'x-session' } }, (key) => ({ 'x-session': key })],
  ['cookie', { sticky: { cookie: 'session' } }, (key) => ({ cookie: `a=b; session=${key}` })],
])(
  'with one key in a %s goes to one entity, and to another only when that gains',
  async (_name, routing, headers) => {
    const { t, share } = await startTwo([50, 50], { routing });
    const keys = Array.from({ length: 20 }, (_, index) => `key-${index}`);
    const entities = async (): Promise<unknown[]> => {
      const found: unknown[] = [];
      for (const key of keys) found.push(await entityOf(t, headers(key)));
      return found;
    };
    const before = await entities();
    expect(new Set(before).size).toBe(2);
    expect(await entities()).toEqual(before);
    await share([20, 80]);
    const after = await entities();
    for (const [index, entity] of before.entries())
      if (entity === 'wine-2') expect(after[index]).toBe('wine-2');
    await share([0, 100]);
    expect(new Set(await entities())).toEqual(new Set(['wine-2']));
  },
);

it('without a key is split exactly, though others have one', async () => {
  const { t } = await startTwo([75, 25], { routing: { sticky: { header: 'x-session' } } });
  const found: unknown[] = [];
  for (let count = 0; count < 20; count += 1) {
    await entityOf(t, { 'x-session': `key-${count}` });
    found.push(await entityOf(t, {}));
  }
  expect(found.filter((entity) => entity === 'wine-2')).toHaveLength(5);
});

it('with prompts that begin alike goes to one pod, with others to others', async () => {
  const { t, pods } = await startWithPods(3, { routing: { prefixAffinity: { enabled: true } } });
  const ask = async (content: string, more: object[] = []): Promise<void> => {
    const messages = [{ role: 'user', content }, ...more];
    expect((await t.send({ body: JSON.stringify({ messages }) })).status).toBe(200);
  };
  for (let turn = 0; turn < 6; turn += 1)
    await ask('Once upon a time', [{ role: 'assistant', content: `${turn}` }]);
  expect(pods.map(({ model }) => model.seen.length).sort()).toEqual([0, 0, 6]);
  for (let chat = 0; chat < 30; chat += 1) await ask(`chat number ${chat}`);
  for (const { model } of pods) expect(model.seen.length).toBeGreaterThan(0);
  await t.send({ body: '{"inputs":[1]}' });
  const counted = (result: string): Promise<number> =>
    t.metric(`fairlead_gateway_prefix_affinity_total{endpoint="team-a/wine",result="${result}"}`);
  expect([await counted('preferred'), await counted('none')]).toEqual([36, 1]);
});

it('takes no longer than its endpoint allows, in all or until the first byte', async () => {
  for (const timeouts of [{ total: '1s' }, { firstByte: '1s' }]) {
    const { t, pods } = await startWithPods(1, { routing: { timeouts } });
    for (const { model } of pods) model.respond = () => undefined;
    expect((await t.send()).status).toBe(504);
  }
});

it('of an entity with 0 % is answered where it is asked for by name, and never else', async () => {
  const { t, pods } = await startTwo([100, 0], {});
  for (let count = 0; count < 5; count += 1) expect(await entityOf(t, {})).toBe('wine-1');
  const path = winePath.replace('/invocations', '/served-models/wine-2/invocations');
  expect((await t.send({ path })).headers['served-model-name']).toBe('wine-2');
  expect(pods[1].model.seen).toHaveLength(1);
});
