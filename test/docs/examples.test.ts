/** Owns the check that what the documentation tells people to apply is accepted, field by field, as the code is today. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { loadAll } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { servedEntitySchema } from '../../crds/schema/served-entity.ts';
import { servingEndpointSchema } from '../../crds/schema/serving-endpoint.ts';
import { servingRuntimeSchema } from '../../crds/schema/serving-runtime.ts';
import { unsupportedFieldsOf } from '../../crds/schema/unsupported-fields.ts';
import { readAllPages, root } from './pages.ts';

type Json = Readonly<Record<string, unknown>>;

const valuesSchema = JSON.parse(readFileSync(join(root, 'charts/fairlead/values.schema.json'), 'utf8')) as {
  readonly properties: Json;
};
const matches = new Ajv({ strict: false, allErrors: true }).compile(valuesSchema);

function checkValues(values: unknown): void {
  matches(values);
  expect(matches.errors ?? []).toEqual([]);
}

function checkEndpoint(object: unknown): void {
  const endpoint = servingEndpointSchema.parse(object);
  expect(unsupportedFieldsOf(endpoint.spec)).toEqual([]);
}

const anEntity = { name: 'wine-1', model: { uri: 'models:/wine/1' } };
const checkSpec = (spec: Json): void =>
  checkEndpoint({
    apiVersion: 'serving.fairlead.dev/v1alpha1',
    kind: 'ServingEndpoint',
    metadata: { name: 'wine' },
    spec: { servedEntities: [anEntity], ...spec },
  });

const checkKind: Readonly<Record<string, (object: Json) => void>> = {
  ServingEndpoint: checkEndpoint,
  ServingRuntime: (object) => void servingRuntimeSchema.parse(object),
  Application: ({ spec }) =>
    checkValues((spec as { source: { helm: { valuesObject: unknown } } }).source.helm.valuesObject),
  HelmRelease: ({ spec }) => checkValues((spec as { values: unknown }).values),
};

const specFields = Object.keys(servingEndpointSchema.shape.spec.shape);
const entityFields = Object.keys(servedEntitySchema.shape);

/** Checks one document: a whole object, or the part of one that its first field tells. */
function check(document: Json): void {
  const [field = ''] = Object.keys(document);
  if ('kind' in document) checkKind[String(document['kind'])]?.(document);
  else if (field === 'spec') checkSpec(document['spec'] as Json);
  else if (specFields.includes(field)) checkSpec(document);
  else if (entityFields.includes(field)) servedEntitySchema.parse({ ...anEntity, ...document });
  else if (field === 'workloadTypes') checkValues({ operator: { config: document } });
  else if (field in valuesSchema.properties) checkValues(document);
  else throw new Error(`nobody knows what "${field}" is a part of: begin the example further up`);
}

const examples = readAllPages()
  .filter(({ path }) => path === 'README.md' || /^(docs|charts|examples)\//.test(path))
  .flatMap(({ path, blocks }) =>
    blocks
      .filter(({ language }) => language === 'yaml')
      .flatMap(({ code }, index) =>
        loadAll(code).map((document) => ({ name: `${path}, example ${index + 1}`, document })),
      ),
  );
/** Given to kubectl in the same line. */
const inCommands = readAllPages().flatMap(({ path, blocks }) =>
  blocks.flatMap(({ code }) =>
    [...code.matchAll(/<<'YAML'\n(.*?)\nYAML$/gms)].flatMap(([, yaml = '']) =>
      loadAll(yaml).map((document) => ({ name: `${path}, in a command`, document })),
    ),
  ),
);

describe('examples', () => {
  it('are found at all', () => expect(inCommands.length * examples.length).toBeGreaterThan(20));

  it.each([...examples, ...inCommands])('$name', ({ document }) => check(document as Json));
});
