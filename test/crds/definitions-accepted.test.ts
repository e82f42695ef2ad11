/** Owns the check that an API server accepts the generated schemas: they are structural, and their rules compile. */
import { describe, expect, it } from 'vitest';
import { makeCustomResourceDefinition } from '../../crds/codegen/crd.ts';
import { resources } from '../../crds/codegen/resources.ts';
import { compileRules } from '../../devcluster/apiserver/crd/cel-rules.ts';
import { checkStructural } from '../../devcluster/apiserver/crd/structural.ts';

describe.each(resources)('the CRD of $kind', (resource) => {
  const schema = makeCustomResourceDefinition(resource).spec.versions[0]!.schema.openAPIV3Schema;

  it('has a structural schema', () => {
    expect(checkStructural(schema, 'openAPIV3Schema')).toEqual([]);
  });

  it('has rules that compile', () => {
    expect(compileRules(schema).problems).toEqual([]);
  });
});
