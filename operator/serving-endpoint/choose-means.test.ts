import { describe, expect, it } from 'vitest';
import { anEndpoint } from '../../test/support/an-endpoint.ts';
import { aConfig, aRuntime } from '../operator-fixture.ts';
import { chooseMeans } from './choose-means.ts';
import type { ModelEntity } from './resources/blueprint.ts';

const entityOn = (type: string) =>
  anEndpoint('iris').servingModel('models:/iris/1').withWorkload({ type }).build().spec
    .servedEntities[0] as ModelEntity;

describe('chooseMeans', () => {
  const config = aConfig({ workloadTypes: { TPU_V5: { resources: {}, nodeSelector: { tpu: 'v5' } } } });

  it('returns the runtime and what the workload type means', () => {
    expect(chooseMeans(entityOn('TPU_V5'), [aRuntime('r')], config, undefined)).toMatchObject({
      runtime: { name: 'r' },
      hardware: { nodeSelector: { tpu: 'v5' } },
    });
  });

  it('says which workload types there are when the one of the entity is unknown', () => {
    expect(chooseMeans(entityOn('TPU_V6'), [aRuntime('r')], config, undefined)).toEqual({
      reason: 'WorkloadTypeUnknown',
      message: expect.stringMatching(
        /"TPU_V6" does not exist.*one of CPU, .*, TPU_V5, or have it added/,
      ) as string,
    });
  });

  it('says that the runtime cannot be used, and why', () => {
    const misspelt = aRuntime('r', { container: { name: 'm', image: 'i', args: ['{{modle.dir}}'] } });
    expect(chooseMeans(entityOn('CPU'), [misspelt], config, undefined)).toEqual({
      reason: 'RuntimeUnsuitable',
      message: expect.stringMatching(
        /^the ClusterServingRuntime "r" cannot be used: .*\{\{modle.dir\}\}, which does not exist/,
      ) as string,
    });
  });

  it('says which runtime is missing', () => {
    expect(chooseMeans(entityOn('CPU'), [], config, undefined)).toMatchObject({
      reason: 'NoRuntimeForFormat',
    });
  });
});
