/** Owns the proof that an endpoint comes up although each call to the API fails once, in each way that calls fail. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { labels } from '../../crds/schema/api.ts';
import { configMaps, servingEndpoints } from '../../kube/kinds.ts';
import { anEndpoint } from '../support/an-endpoint.ts';
import type { Fault, SeenRequest } from './harness/fault-proxy.ts';
import { startObligingNodes } from './harness/nodes.ts';
import { until } from './harness/until.ts';
import { startWorld } from './harness/world.ts';
import type { World } from './harness/world.ts';

let world: World;
let nodes: { stop(): Promise<void> };

beforeAll(async () => {
  world = await startWorld();
  nodes = startObligingNodes(world.client);
  await world.startOperator();
});
afterAll(async () => {
  await nodes.stop();
  await world.stop();
});

const serving = (name: string, version: number) =>
  anEndpoint(name).servingModel(`models:/iris/${version}`).withWorkload({ size: 'Medium' }).manifest();

/** Brings an endpoint up and updates it: the way on which every call is made. */
async function live(name: string): Promise<void> {
  for (const version of [1, 2]) {
    await world.apply(serving(name, version));
    await until(`version ${version} of ${name} serves alone`, async () => {
      const { status } = await world.endpoint(name);
      if (status?.ready !== 'True' || status.active?.configVersion !== version) return false;
      // What is removed last.
      const owned = { namespace: 'default', labelSelector: `${labels.endpoint}=${name}` };
      return (await world.client.list(configMaps, owned)).items.length === 1;
    });
  }
  await world.client.delete(servingEndpoints, { name, namespace: 'default' });
}

/** Every kind of call that a reconcile makes, as the first run without faults showed (checked below). */
const calls: readonly (readonly [what: string, method: string, path: RegExp])[] = [
  ['recording a config version', 'POST', /\/controllerrevisions$/],
  ['noting which config version is active', 'PATCH', /\/controllerrevisions\/[^/]+$/],
  ['looking for a Secret', 'GET', /\/secrets\/[^/]+-sidecar-tls$/],
  ['applying a Secret', 'PATCH', /\/secrets\/[^/]+$/],
  ['looking for a ConfigMap', 'GET', /\/configmaps\/[^/]+-[0-9a-f]{10}$/],
  ['applying a ConfigMap', 'PATCH', /\/configmaps\/[^/]+$/],
  ['looking for a Service', 'GET', /\/services\/[^/]+$/],
  ['applying a Service', 'PATCH', /\/services\/[^/]+$/],
  ['looking for a Deployment', 'GET', /\/deployments\/[^/]+$/],
  ['applying a Deployment', 'PATCH', /\/deployments\/[^/]+$/],
  ['scaling a Deployment', 'PATCH', /\/deployments\/[^/]+\/scale$/],
  ['looking for an HPA', 'GET', /\/horizontalpodautoscalers\/[^/]+$/],
  ['applying an HPA', 'PATCH', /\/horizontalpodautoscalers\/[^/]+$/],
  ['writing the status', 'PATCH', /\/servingendpoints\/[^/]+\/status$/],
  ['removing an HPA', 'DELETE', /\/horizontalpodautoscalers\/[^/]+$/],
  ['removing a Deployment', 'DELETE', /\/deployments\/[^/]+$/],
  ['removing a Service', 'DELETE', /\/services\/[^/]+$/],
  ['removing a ConfigMap', 'DELETE', /\/configmaps\/[^/]+$/],
];

const faults: readonly Fault[] = [
  'internal error',
  'conflict',
  'cut before it arrives',
  'cut after it was done',
];

const isReconcile = ({ method, path }: SeenRequest): boolean =>
  path.includes('/namespaces/default/') && !path.includes('/events') && method !== 'POST';

describe('an endpoint', () => {
  it('makes exactly the calls that are failed below', async () => {
    const before = world.proxy.seen.length;
    await live('plain');
    const made = world.proxy.seen.slice(before).filter((request) => isReconcile(request));
    const unknown = made.filter(
      ({ method, path }) => !calls.some(([, verb, pattern]) => verb === method && pattern.test(path)),
    );
    expect(unknown).toEqual([]);
    const unmade = calls.filter(
      ([, verb, pattern]) =>
        !world.proxy.seen.slice(before).some(({ method, path }) => verb === method && pattern.test(path)),
    );
    expect(unmade).toEqual([]);
  });

  describe.each(calls)('comes up and is updated although %s fails once', (what, method, path) => {
    it.each(faults)('with: %s', async (fault) => {
      const name = `${what}-${fault}`.replaceAll(/[^a-z]+/gi, '-').toLowerCase();
      const failure = world.proxy.failNext(
        (request) => request.method === method && path.test(request.path),
        fault,
      );
      await live(name);
      expect(failure.done).toBe(true);
    });
  });
});
