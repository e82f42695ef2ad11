/** Owns how JSON becomes a CEL value: the schema says which numbers are integers, and which fields a rule may see. */
import { celFieldName } from './field-name.ts';
import type { CelSchema } from './schema.ts';
import { isRecord } from './schema.ts';

/** Returns `value` as CEL sees it (Kubernetes: only declared fields are visible, under their escaped names). */
export function toCelValue(value: unknown, schema: CelSchema): unknown {
  if (Array.isArray(value)) {
    const { items = {} } = schema;
    return value.map((item) => toCelValue(item, items));
  }
  if (isRecord(value)) return toCelObject(value, schema);
  if (typeof value === 'number' && Number.isInteger(value) && schema.type !== 'number') return BigInt(value);
  if (typeof value === 'string' && schema.format === 'date-time') return new Date(value);
  return value;
}

function toCelObject(value: Readonly<Record<string, unknown>>, schema: CelSchema): Record<string, unknown> {
  const { properties, additionalProperties } = schema;
  if (properties === undefined) {
    const values = typeof additionalProperties === 'object' ? additionalProperties : {};
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toCelValue(item, values)]));
  }
  const visible = Object.entries(properties).filter(([name]) => name in value);
  return Object.fromEntries(
    visible.map(([name, property]) => [celFieldName(name), toCelValue(value[name], property)]),
  );
}
