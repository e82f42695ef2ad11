/** Owns the schema of a kind, as OpenAPI v3 with Kubernetes' extensions: one form for built-in and custom kinds. */
import definitions from '../builtin/schema.json' with { type: 'json' };

export interface ValidationRuleSchema {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
}

export interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly description?: string;
  readonly nullable?: boolean;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: boolean;
  readonly exclusiveMaximum?: boolean;
  readonly multipleOf?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly not?: Schema;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular';
  readonly 'x-kubernetes-patch-strategy'?: string;
  readonly 'x-kubernetes-patch-merge-key'?: string;
  readonly 'x-kubernetes-validations'?: readonly ValidationRuleSchema[];
}

const referencePrefix = '#/definitions/';

/** The definitions of the built-in kinds, by OpenAPI model name; generated, see `builtin/generate/main.go`. */
export const builtinDefinitions = definitions as unknown as Readonly<Record<string, Schema>>;

export const objectMetaModel = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

export const referenceTo = (model: string): Schema => ({ $ref: `${referencePrefix}${model}` });

export const modelOf = (schema: Schema): string | undefined => schema.$ref?.slice(referencePrefix.length);

const resolved = new WeakMap<Schema, Schema>();

/** Returns the schema itself, with a `$ref` replaced by what it names; extensions beside the reference win. */
export function resolveSchema(schema: Schema): Schema {
  const model = modelOf(schema);
  if (model === undefined) return schema;
  const known = resolved.get(schema);
  if (known !== undefined) return known;
  const definition = builtinDefinitions[model];
  if (definition === undefined) throw new Error(`the schema refers to ${model}, which is not defined`);
  const { $ref: _reference, ...beside } = schema;
  const merged = { ...definition, ...beside };
  resolved.set(schema, merged);
  return merged;
}

/** Returns the schema of field `name` of an object: declared, else of any further field, else undefined. */
export function fieldSchema(schema: Schema, name: string): Schema | undefined {
  const declared =
    schema.properties !== undefined && Object.hasOwn(schema.properties, name)
      ? schema.properties[name]
      : undefined;
  if (declared !== undefined) return resolveSchema(declared);
  const further = schema.additionalProperties;
  return typeof further === 'object' ? resolveSchema(further) : undefined;
}

/** Whether fields that the schema does not declare are kept. */
export function keepsUnknownFields(schema: Schema): boolean {
  return schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties === true;
}
