/** Owns random values of a JSON Schema, and random damage to values: for property tests of schemas. */
import fc from 'fast-check';
import type { JsonSchema, JsonValue } from '../../crds/json-schema.ts';

const arbitraryByType: Readonly<Record<string, (schema: JsonSchema) => fc.Arbitrary<JsonValue>>> = {
  object: arbitraryObject,
  array: arbitraryArray,
  string: arbitraryString,
  integer: ({ minimum = -1000, maximum = 1000 }) => fc.integer({ min: minimum, max: Math.min(maximum, 1e9) }),
  number: ({ minimum = -1e6, maximum = 1e6 }) => fc.double({ min: minimum, max: maximum, noNaN: true }),
  boolean: () => fc.boolean(),
};

/** Returns values that `schema`, as zod exports it, accepts. */
export function arbitraryOf(schema: JsonSchema): fc.Arbitrary<JsonValue> {
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(arbitraryOf));
  const arbitraryOfType = arbitraryByType[schema.type ?? ''];
  return arbitraryOfType?.(schema) ?? (fc.jsonValue() as fc.Arbitrary<JsonValue>);
}

function arbitraryObject({
  properties,
  required = [],
  additionalProperties,
}: JsonSchema): fc.Arbitrary<JsonValue> {
  const isMap = properties === undefined && typeof additionalProperties === 'object';
  if (isMap) return fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), arbitraryOf(additionalProperties));
  const fields = Object.entries(properties ?? {}).map(([name, field]) => [name, arbitraryOf(field)] as const);
  return fc.record(Object.fromEntries(fields), { requiredKeys: required });
}

function arbitraryArray({ items = {}, minItems = 0, maxItems = 4 }: JsonSchema): fc.Arbitrary<JsonValue> {
  return fc.array(arbitraryOf(items), {
    minLength: minItems,
    maxLength: Math.max(minItems, Math.min(maxItems, 4)),
  });
}

function arbitraryString({
  format,
  pattern,
  minLength = 0,
  maxLength = 40,
}: JsonSchema): fc.Arbitrary<string> {
  if (format === 'date-time') {
    return fc
      .date({ min: new Date('1970-01-01'), max: new Date('2999-12-31'), noInvalidDate: true })
      .map((date) => date.toISOString());
  }
  const texts =
    pattern === undefined ? fc.string({ unit: 'grapheme-ascii' }) : fc.stringMatching(new RegExp(pattern));
  return texts.filter((text) => text.length >= minLength && text.length <= maxLength);
}

/** What may stand where something else should: never an object with fields, whose names nobody would know. */
const misplaced = fc.constantFrom<JsonValue>(
  null,
  true,
  -1,
  0,
  1.5,
  101,
  '',
  'x',
  'x y',
  '10s',
  [],
  ['x'],
  {},
);

/** Returns `value` with one part of it, chosen at random, taken away or replaced. */
export function arbitraryDamage(value: JsonValue): fc.Arbitrary<JsonValue> {
  const places = placesOf(value);
  return fc
    .tuple(fc.constantFrom(...places), fc.option(misplaced, { nil: undefined }))
    .map(([place, replacement]) => replaced(value, place, replacement) ?? null);
}

type Place = readonly (string | number)[];

function placesOf(value: JsonValue): Place[] {
  if (value === null || typeof value !== 'object') return [[]];
  const children: [string | number, JsonValue][] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value);
  return [[], ...children.flatMap(([key, child]) => placesOf(child).map((place) => [key, ...place]))];
}

function replaced(value: JsonValue, place: Place, by: JsonValue | undefined): JsonValue | undefined {
  const [key, ...rest] = place;
  if (key === undefined) return by;
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => {
      const next = index === key ? replaced(item, rest, by) : item;
      return next === undefined ? [] : [next];
    });
  }
  const entries = Object.entries(value as Record<string, JsonValue>).flatMap(([name, child]) => {
    const next = name === key ? replaced(child, rest, by) : child;
    return next === undefined ? [] : [[name, next] as const];
  });
  return Object.fromEntries(entries);
}
