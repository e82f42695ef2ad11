/** Owns the check that every example is accepted as it stands, and asks for nothing that does not work yet. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { expect, it } from 'vitest';
import { makeCustomResourceDefinition } from '../../crds/codegen/crd.ts';
import { resources } from '../../crds/codegen/resources.ts';
import { servingEndpointSchema } from '../../crds/schema/serving-endpoint.ts';
import { unsupportedFieldsOf } from '../../crds/schema/unsupported-fields.ts';
import { compileRules } from '../../devcluster/apiserver/crd/cel-rules.ts';

const examples = join(import.meta.dirname, '../../examples');
const crd = makeCustomResourceDefinition(resources[0]!);
const { rules } = compileRules(crd.spec.versions[0]!.schema.openAPIV3Schema);

it.each(globSync('*.yaml', { cwd: examples }))('%s', (file) => {
  const objects = loadAll(readFileSync(join(examples, file), 'utf8'));
  expect(objects).not.toEqual([]);

  for (const object of objects) {
    const endpoint = servingEndpointSchema.parse(object);
    expect(rules.check(endpoint, undefined)).toEqual([]);
    expect(unsupportedFieldsOf(endpoint.spec)).toEqual([]);
  }
});
