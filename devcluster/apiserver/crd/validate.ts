/** Owns validation of a value against its schema, with the messages that the Kubernetes API server gives. */
import { isDeepStrictEqual } from 'node:util';
import type { StatusCause } from '../errors/api-error.ts';
import type { JsonObject } from '../objects/kube-object.ts';
import { isObject } from '../objects/kube-object.ts';
import type { Schema } from '../schema/schema.ts';
import { fieldSchema, resolveSchema } from '../schema/schema.ts';
import { checkFormat } from './formats.ts';
import { compilePattern } from './pattern.ts';

/** Returns every violation in `value`, with its field path from `path`. */
export function checkSchema(value: unknown, schema: Schema, path: string): StatusCause[] {
  if (value === null) return schema.nullable === true ? [] : checkType(value, schema, path);
  const typeProblems = checkType(value, schema, path);
  if (typeProblems.length > 0) return typeProblems;
  return [
    ...checkEnum(value, schema, path),
    ...checkByType(value, schema, path),
    ...checkCombinations(value, schema, path),
  ];
}

function checkByType(value: unknown, schema: Schema, path: string): StatusCause[] {
  if (typeof value === 'string') return checkString(value, schema, path);
  if (typeof value === 'number') return checkNumber(value, schema, path);
  if (Array.isArray(value)) return checkArray(value, schema, path);
  return isObject(value) ? checkObject(value, schema, path) : [];
}

export const invalidValue = (value: unknown, field: string, message: string): StatusCause => ({
  reason: 'FieldValueInvalid',
  field,
  message: `Invalid value: ${valueText(value)}: ${message}`,
});

export const requiredValue = (field: string, detail?: string): StatusCause => ({
  reason: 'FieldValueRequired',
  field,
  message: detail === undefined ? 'Required value' : `Required value: ${detail}`,
});

export const forbiddenValue = (field: string, detail: string): StatusCause => ({
  reason: 'FieldValueForbidden',
  field,
  message: `Forbidden: ${detail}`,
});

export const unsupportedValue = (
  value: unknown,
  field: string,
  supported: readonly unknown[],
): StatusCause => ({
  reason: 'FieldValueNotSupported',
  field,
  message: `Unsupported value: ${valueText(value)}: supported values: ${supported.map(valueText).join(', ')}`,
});

const duplicateValue = (value: unknown, field: string): StatusCause => ({
  reason: 'FieldValueDuplicate',
  field,
  message: `Duplicate value: ${valueText(value)}`,
});

const tooMany = (actual: number, field: string, most: number): StatusCause => ({
  reason: 'FieldValueTooMany',
  field,
  message: `Too many: ${actual}: must have at most ${most} items`,
});

const valueText = (value: unknown): string => (value === undefined ? 'null' : JSON.stringify(value));

const inBody = (value: unknown, path: string, rest: string): StatusCause =>
  invalidValue(value, path, `${path} in body ${rest}`);

function checkType(value: unknown, schema: Schema, path: string): StatusCause[] {
  if (schema['x-kubernetes-int-or-string'] === true) {
    const fits = Number.isInteger(value) || typeof value === 'string' || schema.format === 'quantity';
    return fits ? [] : [typeProblem(value, 'integer,string', path)];
  }
  if (schema.type === undefined || fitsType(value, schema.type)) return [];
  return [typeProblem(value, schema.type, path)];
}

const typeProblem = (value: unknown, wanted: string, path: string): StatusCause => ({
  reason: 'FieldValueTypeInvalid',
  field: path,
  message: `Invalid value: ${valueText(value)}: ${path} in body must be of type ${wanted}: ${valueText(typeName(value))}`,
});

function typeName(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function fitsType(value: unknown, type: string): boolean {
  const actual = typeName(value);
  return actual === type || (type === 'number' && actual === 'integer');
}

function checkEnum(value: unknown, schema: Schema, path: string): StatusCause[] {
  if (schema.enum === undefined || schema.enum.some((allowed) => isDeepStrictEqual(allowed, value)))
    return [];
  return [unsupportedValue(value, path, schema.enum)];
}

function checkString(value: string, schema: Schema, path: string): StatusCause[] {
  const problems: StatusCause[] = [];
  const length = codePointsIn(value);
  if (schema.maxLength !== undefined && length > schema.maxLength) {
    problems.push({
      reason: 'FieldValueTooLong',
      field: path,
      message: `Too long: may not be more than ${schema.maxLength} bytes`,
    });
  }
  if (schema.minLength !== undefined && length < schema.minLength) {
    problems.push(inBody(value, path, `should be at least ${schema.minLength} chars long`));
  }
  if (schema.pattern !== undefined && !compilePattern(schema.pattern).test(value)) {
    problems.push(inBody(value, path, `should match '${schema.pattern}'`));
  }
  if (schema.format !== undefined && !checkFormat(schema.format, value)) {
    problems.push(inBody(value, path, `must be of type ${schema.format}: ${valueText(value)}`));
  }
  return problems;
}

/** Go counts code points, not the halves of surrogate pairs. */
const codePointsIn = (text: string): number => text.replace(/[\uD800-\uDBFF][\uDC00-\uDFFF]/g, '_').length;

function checkNumber(value: number, schema: Schema, path: string): StatusCause[] {
  const { minimum, maximum, multipleOf } = schema;
  const problems: StatusCause[] = [];
  if (maximum !== undefined && (schema.exclusiveMaximum === true ? value >= maximum : value > maximum)) {
    const bound = schema.exclusiveMaximum === true ? 'less than' : 'less than or equal to';
    problems.push(inBody(value, path, `should be ${bound} ${maximum}`));
  }
  if (minimum !== undefined && (schema.exclusiveMinimum === true ? value <= minimum : value < minimum)) {
    const bound = schema.exclusiveMinimum === true ? 'greater than' : 'greater than or equal to';
    problems.push(inBody(value, path, `should be ${bound} ${minimum}`));
  }
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf)) {
    problems.push(inBody(value, path, `should be a multiple of ${multipleOf}`));
  }
  return problems;
}

function checkArray(list: readonly unknown[], schema: Schema, path: string): StatusCause[] {
  const problems: StatusCause[] = [];
  if (schema.maxItems !== undefined && list.length > schema.maxItems)
    problems.push(tooMany(list.length, path, schema.maxItems));
  if (schema.minItems !== undefined && list.length < schema.minItems) {
    problems.push(inBody(list.length, path, `should have at least ${schema.minItems} items`));
  }
  const items = schema.items === undefined ? undefined : resolveSchema(schema.items);
  if (items !== undefined) {
    problems.push(...list.flatMap((item, index) => checkSchema(item, items, `${path}[${index}]`)));
  }
  return [...problems, ...checkListIdentity(list, schema, path)];
}

/** Entries of a set, and the keys of a list map, must differ; and every entry of a list map must have its keys. */
function checkListIdentity(list: readonly unknown[], schema: Schema, path: string): StatusCause[] {
  const listType = schema['x-kubernetes-list-type'];
  if (listType !== 'set' && listType !== 'map' && schema.uniqueItems !== true) return [];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const identityOf = (item: unknown): unknown =>
    listType === 'map' && isObject(item)
      ? Object.fromEntries(keys.map((key): [string, unknown] => [key, item[key]]))
      : item;
  const seen = new Set<string>();
  return list.flatMap((item, index) => {
    const identity = identityOf(item);
    const text = JSON.stringify(identity);
    if (seen.has(text)) return [duplicateValue(identity, `${path}[${index}]`)];
    seen.add(text);
    return [];
  });
}

function checkObject(value: JsonObject, schema: Schema, path: string): StatusCause[] {
  const problems: StatusCause[] = [];
  const count = Object.keys(value).length;
  if (schema.maxProperties !== undefined && count > schema.maxProperties)
    problems.push(tooMany(count, path, schema.maxProperties));
  if (schema.minProperties !== undefined && count < schema.minProperties) {
    problems.push(inBody(count, path, `should have at least ${schema.minProperties} properties`));
  }
  for (const name of schema.required ?? []) {
    if (value[name] === undefined) problems.push(requiredValue(childPath(path, name)));
  }
  for (const [name, child] of Object.entries(value)) {
    const known = fieldSchema(schema, name);
    if (known === undefined) continue;
    const declared = schema.properties !== undefined && Object.hasOwn(schema.properties, name);
    problems.push(...checkSchema(child, known, declared ? childPath(path, name) : `${path}.${name}`));
  }
  return problems;
}

const childPath = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

function checkCombinations(value: unknown, schema: Schema, path: string): StatusCause[] {
  const fits = (candidate: Schema): boolean => checkSchema(value, candidate, path).length === 0;
  const combination = (text: string): StatusCause[] => [invalidValue(value, path, `"${path}" must ${text}`)];
  const problems = (schema.allOf ?? []).flatMap((each) => checkSchema(value, each, path));
  if (
    schema.anyOf !== undefined &&
    schema['x-kubernetes-int-or-string'] !== true &&
    !schema.anyOf.some(fits)
  ) {
    problems.push(...combination('validate at least one schema (anyOf)'));
  }
  if (schema.oneOf !== undefined) {
    const valid = schema.oneOf.filter(fits).length;
    const found = valid === 0 ? 'none' : `${valid}`;
    if (valid !== 1) {
      problems.push(...combination(`validate one and only one schema (oneOf). Found ${found} valid`));
    }
  }
  if (schema.not !== undefined && fits(schema.not)) {
    problems.push(...combination('not validate the schema (not)'));
  }
  return problems;
}
