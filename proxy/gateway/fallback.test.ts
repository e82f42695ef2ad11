/** Owns the proof that another served entity answers where the endpoint has fallbacks and its own does not. */
import { expect, it } from 'vitest';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import type { SidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import { aWineEndpoint } from '../testing/cluster-fixture.ts';
import type { TestAnswer } from '../testing/http-client-fixture.ts';
import type { GatewayConfig } from './config.ts';
import { winePath } from './gateway-fixture.ts';
import type { GatewayUnderTest } from './gateway-fixture.ts';
import { cleanUpAfterEach, deployment, startAtZero, startPod } from './wake-fixture.ts';

cleanUpAfterEach();

const names = ['wine-1', 'wine-2', 'wine-3', 'wine-4'] as const;
const deploymentOf = (name: string): string => (name === 'wine-1' ? deployment : `${name}-deployment`);
type Row = NonNullable<NonNullable<ServingEndpoint['status']>['servedEntities']>[number];
type State = Row['state'];

interface Scene {
  readonly t: GatewayUnderTest;
  readonly pods: ReadonlyMap<string, SidecarUnderTest>;
  /** Says how an entity is, beside what its pods say. */
  readonly setState: (name: string, state: State) => Promise<void>;
}

/** An endpoint whose first entity has all the traffic, with pods for those that are `up`. */
async function start(
  up: readonly string[],
  { isOn = true, ...config }: Partial<GatewayConfig> & { isOn?: boolean } = {},
): Promise<Scene> {
  const t = await startAtZero(config);
  const pods = new Map<string, SidecarUnderTest>();
  const states = new Map<string, State>(names.map((name) => [name, 'Ready']));
  for (const name of names) {
    t.cluster.scales.set(`team-a/${deploymentOf(name)}`, 1);
    if (!up.includes(name)) continue;
    const pod = await startPod((given) => ({ ...given, servedEntity: name }));
    await pod.ready();
    pods.set(name, pod);
    t.cluster.setPods('team-a', deploymentOf(name), [{ ...pod.sidecar.data, ready: true }]);
  }
  const setState = async (name: string, state: State): Promise<void> => {
    states.set(name, state);
    t.cluster.setEndpoint(anEndpoint(isOn, states));
    await t.caughtUp();
  };
  await setState('wine-1', 'Ready');
  return { t, pods, setState };
}

const anEndpoint = (isOn: boolean, states: ReadonlyMap<string, State>): ServingEndpoint =>
  aWineEndpoint((endpoint) => ({
    ...endpoint,
    spec: { ...endpoint.spec, aiGateway: { fallback: { enabled: isOn } } },
    status: {
      traffic: names.map((servedEntity) => ({
        servedEntity,
        percent: servedEntity === 'wine-1' ? 100 : 0,
        deployment: deploymentOf(servedEntity),
        configVersion: 1,
      })),
      servedEntities: names.map((name) => ({
        name,
        configVersion: 1,
        state: states.get(name) ?? 'Ready',
        reason: 'LoadFailed',
      })),
    },
  }));

const entityOf = ({ headers }: TestAnswer): unknown => headers['served-model-name'];

function failWith(status: number, ...pods: (SidecarUnderTest | undefined)[]): void {
  for (const pod of pods) {
    if (pod === undefined) throw new Error('there is no such pod');
    pod.model.respond = (request, response) => {
      request.resume().once('end', () => response.writeHead(status, { 'content-length': 0 }).end());
    };
  }
}

it.each([429, 500, 503])('an entity that answers %i is passed over for the next one', async (status) => {
  const { t, pods } = await start(['wine-1', 'wine-2']);
  failWith(status, pods.get('wine-1'));
  const answer = await t.send();
  expect([answer.status, entityOf(answer)]).toEqual([200, 'wine-2']);
  expect(await t.metric('fairlead_gateway_fallbacks_total{endpoint="team-a/wine"}')).toBe(1);
});

it('an entity that says 400 has answered', async () => {
  const { t, pods } = await start(['wine-1', 'wine-2']);
  failWith(400, pods.get('wine-1'));
  expect((await t.send()).status).toBe(400);
});

it('two are tried after the first, and the last one has the last word', async () => {
  const { t, pods } = await start([...names]);
  for (const [index, name] of names.entries()) failWith(500 + index, pods.get(name));
  const answer = await t.send();
  expect([answer.status, entityOf(answer)]).toEqual([502, 'wine-3']);
});

it('an entity that has failed is passed over without asking it, and so is a fallback that has', async () => {
  const { t, setState } = await start(['wine-3']);
  await setState('wine-2', 'Failed');
  await setState('wine-1', 'Failed');
  expect(entityOf(await t.send())).toBe('wine-3');
});

it('an entity that has lost its replicas is not waited for', async () => {
  const { t, setState } = await start(['wine-2']);
  await setState('wine-1', 'Recovering');
  expect(entityOf(await t.send())).toBe('wine-2');
});

it('an entity at zero is waited for, and passed over when it does not get ready in time', async () => {
  const { t } = await start(['wine-2'], { holdWakeTimeoutMs: 300 });
  const answer = await t.send();
  expect([answer.status, entityOf(answer)]).toEqual([200, 'wine-2']);
  expect(Number(answer.headers['x-fairlead-cold-start'] ?? 0)).toBe(0);
});

it('an entity that cannot be held for is passed over', async () => {
  const { t } = await start(['wine-2'], { holdRequests: 0 });
  expect(entityOf(await t.send())).toBe('wine-2');
});

it('who asks for an entity by name gets that one or none', async () => {
  const { t, pods } = await start(['wine-1', 'wine-2']);
  failWith(500, pods.get('wine-1'));
  const path = winePath.replace('/invocations', '/served-models/wine-1/invocations');
  expect((await t.send({ path })).status).toBe(500);
});

it('nothing else is tried where that is off', async () => {
  const { t, pods } = await start(['wine-1', 'wine-2'], { isOn: false });
  failWith(500, pods.get('wine-1'));
  expect((await t.send()).status).toBe(500);
});
