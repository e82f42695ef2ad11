/** Owns the tests of the CEL rules of ServingEndpoint about what may become of an endpoint that exists. */
import { describe, expect, it } from 'vitest';
import { check, endpoint, external, withEntity } from './endpoint-rules-fixture.ts';

describe('the rules of ServingEndpoint', () => {
  it('accept a change of routeOptimized, both ways', () => {
    const [plain, direct] = [endpoint({}), endpoint({ routeOptimized: true })];

    expect(check(direct, plain)).toEqual([]);
    expect(check(plain, direct)).toEqual([]);
  });

  it('refuse another name of an inference table while it is enabled', () => {
    const table = (fields: object) => endpoint({ aiGateway: { inferenceTable: fields } });
    const before = table({ enabled: true, catalogName: 'main', tableNamePrefix: 'iris' });

    expect(check(before, before)).toEqual([]);
    for (const changed of [
      { enabled: true, catalogName: 'other', tableNamePrefix: 'iris' },
      { enabled: true, catalogName: 'main' },
      { enabled: true, catalogName: 'main', schemaName: 'a', tableNamePrefix: 'iris' },
    ]) {
      expect(check(table(changed), before)).toMatchObject([
        {
          path: 'spec.aiGateway.inferenceTable',
          message: expect.stringContaining('disable it first') as string,
        },
      ]);
    }
    const disabled = table({ enabled: false, catalogName: 'other' });
    expect([check(disabled, before), check(before, disabled)]).toEqual([[], []]);
    expect(
      check(
        table({ enabled: true, samplingFraction: 0.5, catalogName: 'main', tableNamePrefix: 'iris' }),
        before,
      ),
    ).toEqual([]);
  });

  it('refuse to turn an entity into one of a provider, and back, but not another in its place', () => {
    const hosted = withEntity({});
    const provided = withEntity({ model: undefined, externalModel: external });
    const renamed = withEntity({ name: 'gpt', model: undefined, externalModel: external });

    for (const [after, before] of [
      [provided, hosted],
      [hosted, provided],
    ]) {
      expect(check(after, before)).toMatchObject([
        {
          path: 'spec.servedEntities[0]',
          message: expect.stringMatching(
            /cannot change between externalModel and a model.*add another entity/,
          ) as string,
        },
      ]);
    }
    expect(check(renamed, hosted)).toEqual([]);
  });
});
