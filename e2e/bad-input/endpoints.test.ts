/** Owns the journey of endpoints that cannot be: refused at apply time with the field, or not Ready with the cause in words. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiError } from '../../kube/api-error.ts';
import type { KubeClient } from '../../kube/client.ts';
import { servingEndpoints } from '../../kube/kinds.ts';
import type { ServingEndpoint, ServingEndpointManifest } from '../../crds/schema/serving-endpoint.ts';
import { kubeClient } from '../harness/cluster-under-test.ts';
import { anEndpoint, apply, conditionOf, namespace, query } from '../harness/endpoints.ts';
import { eventually } from '../harness/eventually.ts';

let client: KubeClient;
beforeAll(() => {
  client = kubeClient();
});
afterAll(() => client.transport.close());

describe('endpoints that are refused at apply time', () => {
  const good = anEndpoint('refused', 'models:/iris/1');
  const entity = good.spec.servedEntities[0]!;

  it.each<[string, object, RegExp]>([
    ['no served entity', { servedEntities: [] }, /spec\.servedEntities/],
    [
      'a size that does not exist',
      { servedEntities: [{ ...entity, workload: { size: 'Huge' } }] },
      /spec\.servedEntities\[0\]\.workload\.size/,
    ],
    ['a field that does not exist', { ...good.spec, servedEntitys: [] }, /servedEntitys/],
    [
      'percents that do not sum to 100',
      { ...good.spec, traffic: { routes: [{ servedEntity: entity.name, percent: 90 }] } },
      /spec\.traffic.*sum to 100/,
    ],
    [
      'a route to nowhere',
      { ...good.spec, traffic: { routes: [{ servedEntity: 'nobody', percent: 100 }] } },
      /must name one of servedEntities/,
    ],
  ])('%s', async (_name, spec, message) => {
    const manifest = { ...good, spec } as ServingEndpointManifest;
    const refused = await apply(client, manifest).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(ApiError);
    expect((refused as ApiError).message).toMatch(message);
    expect(await client.find(servingEndpoints, { name: 'refused', namespace })).toBeUndefined();
  });
});

describe('endpoints whose model cannot be served', () => {
  it.each<[string, string, RegExp]>([
    ['missing', 'models:/no-such-model/1', /no-such-model/],
    ['unloadable', 'models:/unloadable/1', /vocabulary\.txt was not packed with the model/],
    ['crashing', 'models:/crashing/1', /segment 7 of the weights is damaged/],
  ])('%s: Ready=False with the cause in words', async (name, uri, cause) => {
    const ref = { name, namespace };
    try {
      await apply(client, anEndpoint(name, uri));
      const endpoint: ServingEndpoint = await eventually(
        'Ready=False names the cause',
        60_000,
        () => client.get(servingEndpoints, ref),
        (seen) => cause.test(conditionOf(seen, 'Ready')?.message ?? ''),
      );
      expect(conditionOf(endpoint, 'Ready')?.status).toBe('False');
      expect((await query(name)).status).toBe(503);
    } finally {
      await client.delete(servingEndpoints, ref);
    }
  });
});
