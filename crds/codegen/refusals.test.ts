/** Owns the tests of what code generation refuses: whatever a CRD would lose silently is named with its field. */
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { listMap, rules } from '../schema/cel.ts';
import { makeStructuralSchema } from './structural.ts';

const recursive: z.ZodType = z.strictObject({ child: z.lazy(() => recursive).optional() });

const refused: [sentence: string, schema: z.ZodType, message: string][] = [
  ['a transform', z.string().transform(Number), 'spec.field: a transform cannot be exported'],
  ['a codec', z.stringbool(), 'spec.field: a transform cannot be exported'],
  ['preprocessing', z.preprocess(String, z.string()), 'spec.field: a transform cannot be exported'],
  ['a refinement', z.string().refine(Boolean), 'spec.field: a refinement cannot be exported'],
  ['a refinement in a list', z.array(z.string().refine(Boolean)), 'spec.field[]: a refinement'],
  ['a refinement in a map', z.record(z.string(), z.string().refine(Boolean)), 'spec.field[*]: a refinement'],
  ['a refined key', z.record(z.string().refine(Boolean), z.string()), 'a refinement cannot be exported'],
  ['trimming', z.string().trim(), 'spec.field: trim(), toLowerCase() and the like cannot be exported'],
  ['coercion', z.coerce.number(), 'spec.field: coercion cannot be exported'],
  ['a caught error', z.string().catch('x'), 'spec.field: catch() hides bad input'],
  ['flags of a pattern', z.string().regex(/^a/i), 'spec.field: the flags of /^a/i cannot be exported'],
  ['a look-ahead', z.string().regex(/^(?=a)/), 'spec.field: the pattern uses look-around'],
  ['a type without JSON Schema', z.date(), 'spec.field: Date cannot be represented in JSON Schema'],
  ['recursion', recursive, 'the schema is recursive'],
  ['a plain union', z.union([z.boolean(), z.string()]), 'spec.field: a plain union has no structural schema'],
  [
    'variants that declare a field differently',
    z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('a'), x: z.string() }),
      z.strictObject({ type: z.literal('b'), x: z.boolean() }),
    ]),
    'spec.field: variant b declares x differently from another variant',
  ],
  [
    'rules of one variant',
    z.discriminatedUnion('type', [
      z.strictObject({ type: z.literal('a') }).meta(rules({ rule: 'true', message: 'm' })),
      z.strictObject({ type: z.literal('b') }),
    ]),
    'spec.field: a variant has CEL rules',
  ],
  [
    'an enum in int-or-string',
    z.union([z.int(), z.enum(['auto'])]),
    'spec.field: a branch of int-or-string must not have an enum',
  ],
  [
    'a catchall',
    z.object({ a: z.string() }).catchall(z.string()),
    'spec.field: catchall() has no structural',
  ],
  ['a map with known keys', z.record(z.enum(['a', 'b']), z.string()), 'spec.field: the keys of the record'],
  ['ruled keys without a bound', z.record(z.string().max(5), z.string()), 'needs .meta({ maxProperties })'],
  [
    'a list of objects that does not say how it is shared',
    z.array(z.strictObject({ a: z.string() })),
    'spec.field: a list of objects needs .meta(listMap(…)) or .meta(atomicList)',
  ],
  [
    'a list keyed by an optional field',
    z.array(z.strictObject({ a: z.string().optional() })).meta(listMap('a')),
    'spec.field: the list map key a must be a required field',
  ],
  [
    'a keyword that CRDs do not know',
    z.string().meta({ examples: ['x'] }),
    'spec.field: examples is no keyword',
  ],
];

describe('makeStructuralSchema refuses by name', () => {
  it.each(refused)('%s', (_sentence, field, message) => {
    const schema = z.strictObject({ spec: z.strictObject({ field }) });

    expect(() => makeStructuralSchema(schema)).toThrow(message);
  });
});
