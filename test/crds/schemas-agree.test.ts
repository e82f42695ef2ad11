/** Owns the property that a CRD's generated schema and the zod schema it came from accept the same objects. */
import { Ajv } from 'ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exportSchema } from '../../crds/codegen/export-schema.ts';
import { resources } from '../../crds/codegen/resources.ts';
import { makeStructuralSchema } from '../../crds/codegen/structural.ts';
import type { JsonSchema, JsonValue } from '../../crds/json-schema.ts';
import { arbitraryDamage, arbitraryOf } from '../support/arbitrary-json.ts';

const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

const ajv = new Ajv({
  strict: false,
  formats: {
    int32: true,
    int64: true,
    'date-time': (text) => rfc3339.test(text) && !Number.isNaN(Date.parse(text)),
  },
});

/** Metadata is the API server's; time is better spent on spec and status. */
const shortMetadata: JsonSchema = {
  type: 'object',
  properties: { name: { type: 'string' } },
  required: ['name'],
};

describe.each(resources)('$kind', ({ schema }) => {
  const { properties, ...exported } = exportSchema(schema);
  const objects = arbitraryOf({ ...exported, properties: { ...properties, metadata: shortMetadata } });
  const isValid = ajv.compile(makeStructuralSchema(schema));

  it('accepts every object that the zod schema describes', () => {
    fc.assert(
      fc.property(objects, (object) => {
        expect(schema.safeParse(object).error).toBeUndefined();
        isValid(object);
        expect(isValid.errors).toBeNull();
      }),
      { numRuns: 200 },
    );
  });

  it('judges damaged objects as the zod schema does', () => {
    const verdicts = { accepted: 0, refused: 0 };
    const damaged = objects.chain((object) => arbitraryDamage(object));
    fc.assert(
      fc.property(damaged, (object: JsonValue) => {
        const { success } = schema.safeParse(object);
        expect(isValid(object)).toBe(success);
        verdicts[success ? 'accepted' : 'refused'] += 1;
      }),
      { numRuns: 500 },
    );
    expect(verdicts.refused).toBeGreaterThan(50);
    expect(verdicts.accepted).toBeGreaterThan(5);
  });
});
