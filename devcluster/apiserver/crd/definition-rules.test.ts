import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApiFixture } from '../testing/api-fixture.ts';
import type { ApiFixture } from '../testing/api-fixture.ts';
import { boatDefinition } from '../testing/objects.ts';

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

describe('a definition', () => {
  let server: ApiFixture;
  beforeAll(async () => {
    server = await startApiFixture();
  });
  afterAll(() => server.stop());

  const withSpec = (change: object): object => ({
    ...boatDefinition,
    spec: { ...boatDefinition.spec, ...change },
  });
  const [version] = boatDefinition.spec.versions;
  const withSchema = (schema: object): object =>
    withSpec({ versions: [{ ...version, schema: { openAPIV3Schema: schema } }] });

  it.each([
    [
      'a name of its own',
      { ...boatDefinition, metadata: { name: 'ships.test.fairlead.dev' } },
      /must be spec.names.plural\+"."\+spec.group/,
    ],
    [
      'no storage version',
      withSpec({ versions: [{ ...version, storage: false }] }),
      /exactly one version marked as storage version/,
    ],
    ['an unknown scope', withSpec({ scope: 'Global' }), /spec.scope: Unsupported value: "Global"/],
    ['no names', withSpec({ names: {} }), /spec.names.plural: Required value/],
    [
      'a schema that is not structural',
      withSchema({ type: 'object', properties: { spec: {} } }),
      /properties\[spec\].type: Required value/,
    ],
    [
      'a rule that does not compile',
      withSchema({
        type: 'object',
        properties: {
          spec: { type: 'object', properties: {}, 'x-kubernetes-validations': [{ rule: 'self.x > 1' }] },
        },
      }),
      /x-kubernetes-validations\[0\].rule: Invalid value: "self.x > 1": compilation failed/,
    ],
    [
      'a conversion by webhook',
      withSpec({ conversion: { strategy: 'Webhook' } }),
      /spec.conversion.strategy: Unsupported value: "Webhook"/,
    ],
    [
      'a column path that cannot be read',
      withSpec({
        versions: [
          { ...version, additionalPrinterColumns: [{ name: 'x', type: 'string', jsonPath: 'spec' }] },
        ],
      }),
      /additionalPrinterColumns\[0\].jsonPath/,
    ],
  ])('with %s is refused', async (_name, body, message) => {
    const answer = await server.call('POST', definitions, { body });
    expect(answer.body.message).toMatch(message);
    expect(answer.status).toBe(422);
  });
});
