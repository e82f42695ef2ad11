/** Owns values.schema.json: what a value may be, so that a slip of the pen is refused before anything is installed. */
import type { JsonValue } from '../../crds/json-schema.ts';
import type { ProcessConfig } from './process-configs.ts';
import type { ChartValue, JsonObject } from './read-values.ts';

/** Returns the schema; `configs` say what the values may hold that are configurations of processes. */
export function makeValuesSchema(
  values: readonly ChartValue[],
  configs: readonly ProcessConfig[],
): JsonObject {
  return { $schema: 'http://json-schema.org/draft-07/schema#', ...sectionSchema(values, configs) };
}

function sectionSchema(values: readonly ChartValue[], configs: readonly ProcessConfig[]): JsonObject {
  const properties = values.map((value) => [value.name, schemaOf(value, configs)] as const);
  return { type: 'object', additionalProperties: false, properties: Object.fromEntries(properties) };
}

function schemaOf(value: ChartValue, configs: readonly ProcessConfig[]): JsonObject {
  const { description, constraints, children, path } = value;
  const known = configs.find((config) => config.path === path)?.schema;
  const body = children.length > 0 ? sectionSchema(children, configs) : { type: typeOf(value.default) };
  return { ...(description === '' ? {} : { description }), ...(known ?? body), ...constraints };
}

function typeOf(value: JsonValue): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'number' ? 'integer' : typeof value;
}
