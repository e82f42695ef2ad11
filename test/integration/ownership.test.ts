/** Owns the proof that nothing of somebody else's is ever taken over. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  configMaps,
  controllerRevisions,
  deployments,
  secrets,
  services,
  servingEndpoints,
} from '../../kube/kinds.ts';
import type { KubeObject, ResourceKind } from '../../kube/resource.ts';
import { deploymentName } from '../../operator/serving-endpoint/names.ts';
import { anEndpoint } from '../support/an-endpoint.ts';
import { startObligingNodes } from './harness/nodes.ts';
import { until } from './harness/until.ts';
import { startWorld } from './harness/world.ts';
import type { World } from './harness/world.ts';

let world: World;
let nodes: { stop(): Promise<void> };

beforeAll(async () => {
  world = await startWorld();
  nodes = startObligingNodes(world.client);
  await world.startOperator({ deadlines: { refusalRetry: '200ms' } });
});
afterAll(async () => {
  await nodes.stop();
  await world.stop();
});

const rows: readonly [
  string,
  ResourceKind,
  (deployment: string, endpoint: string) => KubeObject & Record<string, unknown>,
][] = [
  [
    'Service',
    services,
    (name) => ({ metadata: { name, namespace: 'default' }, spec: { ports: [{ port: 80 }] } }),
  ],
  ['ConfigMap', configMaps, (name) => ({ metadata: { name, namespace: 'default' }, data: { mine: 'yes' } })],
  [
    'Deployment',
    deployments,
    (name) => ({
      metadata: { name, namespace: 'default' },
      spec: {
        selector: { matchLabels: { mine: 'yes' } },
        template: {
          metadata: { labels: { mine: 'yes' } },
          spec: { containers: [{ name: 'mine', image: 'mine' }] },
        },
      },
    }),
  ],
  [
    'ControllerRevision',
    controllerRevisions,
    (_name, endpoint) => ({ metadata: { name: `${endpoint}-config-1`, namespace: 'default' }, revision: 7 }),
  ],
  [
    'Secret',
    secrets,
    (_name, endpoint) => ({ metadata: { name: `${endpoint}-sidecar-tls`, namespace: 'default' }, data: {} }),
  ],
];

describe('an object of somebody else under a name that Fairlead needs', () => {
  it.each(rows)('is left alone and reported: a %s', async (_kind, kind, makeObject) => {
    const name = `taken-${kind.plural}`;
    const endpoint = anEndpoint(name).servingModel('models:/iris/1');
    const deployment = deploymentName(name, endpoint.build().spec.servedEntities[0]!);
    const object = makeObject(deployment, name);
    const before = await world.client.create(kind, object);
    await world.apply(endpoint.manifest());
    const ready = await until('it is reported', async () => {
      const { status } = await world.endpoint(name);
      const condition = status?.conditions?.find(({ type }) => type === 'Ready');
      return (
        condition?.status === 'False' && condition.message.includes('belongs to somebody else') && condition
      );
    });
    expect(ready.message).toContain(object.metadata!.name!);
    const ref = { name: object.metadata!.name!, namespace: 'default' };
    // Its controller may go on with its status.
    const after = await world.client.get(kind, ref);
    expect({ ...after, metadata: undefined, status: undefined }).toEqual({
      ...before,
      metadata: undefined,
      status: undefined,
    });
    expect(after.metadata?.labels).toEqual(before.metadata?.labels);

    await world.client.delete(kind, ref);
    await until(
      'it goes on once the name is free',
      async () => (await world.endpoint(name)).status?.ready === 'True',
    );
  });

  it('keeps a public name for who has it, and frees it with that', async () => {
    const claim = (name: string) =>
      anEndpoint(name).servingModel('models:/iris/1').withSpec({ endpointName: 'Wine_prod' }).manifest();
    await world.apply(claim('wine-a'));
    await until('the first is ready', async () => (await world.endpoint('wine-a')).status?.ready === 'True');
    await world.apply(claim('wine-b'));
    const blocked = await until('the second is told', async () => {
      const { status } = await world.endpoint('wine-b');
      return status?.conditions?.find(({ type, reason }) => type === 'Ready' && reason === 'NameTaken');
    });
    expect(blocked.message).toContain('wine-a');
    await world.client.delete(servingEndpoints, {
      name: 'wine-a',
      namespace: 'default',
    });
    await until('the second gets it', async () => (await world.endpoint('wine-b')).status?.ready === 'True');
  });
});
