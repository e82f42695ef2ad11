/** Owns how a schema looks from CEL: one CEL type per schema node, and JSON values turned into values of those types. */
import { isDeepStrictEqual } from 'node:util';
import { Environment } from '@marcbachmann/cel-js';
import { celFieldName } from '../../../crds/cel/field-name.ts';
import type { JsonObject } from '../objects/kube-object.ts';
import { isObject } from '../objects/kube-object.ts';
import type { Schema } from '../schema/schema.ts';
import { keepsUnknownFields, resolveSchema } from '../schema/schema.ts';
import { registerKubernetesFunctions } from './cel-functions.ts';

/** A CEL type and the way from JSON to it. */
export interface CelType {
  readonly name: string;
  readonly toCel: (value: unknown) => unknown;
}

const dyn: CelType = { name: 'dyn', toCel: (value) => dynamicValue(value) };

const text: CelType = { name: 'string', toCel: (value) => value };

const scalars: Readonly<Record<string, CelType>> = {
  string: text,
  boolean: { name: 'bool', toCel: (value) => value },
  integer: { name: 'int', toCel: (value) => (typeof value === 'number' ? BigInt(value) : value) },
  number: { name: 'double', toCel: (value) => value },
};

const stringFormats: Readonly<Record<string, CelType>> = {
  'date-time': { name: 'google.protobuf.Timestamp', toCel: (value) => new Date(String(value)) },
  date: { name: 'google.protobuf.Timestamp', toCel: (value) => new Date(String(value)) },
  byte: { name: 'bytes', toCel: (value) => new Uint8Array(Buffer.from(String(value), 'base64')) },
};

/** What Kubernetes' rules see of `metadata`: the name alone, and only at the root and in embedded resources. */
const visibleMetadata: Schema = {
  type: 'object',
  properties: { name: { type: 'string' }, generateName: { type: 'string' } },
};

interface MessageField {
  readonly celName: string;
  readonly type: CelType;
}

/** An object as CEL sees it: its declared fields alone, and a null is an absent field. */
class Message {
  constructor(value: JsonObject, fields: ReadonlyMap<string, MessageField>) {
    for (const [name, child] of Object.entries(value)) {
      const field = fields.get(name);
      if (field !== undefined && child !== null) Reflect.set(this, field.celName, field.type.toCel(child));
    }
  }

  equals(other: Message): boolean {
    return isDeepStrictEqual(this, other);
  }
}

/** Makes the types of one schema in one environment. */
export class CelTypes {
  readonly environment: Environment;
  readonly #types = new Map<Schema, CelType>();

  constructor() {
    this.environment = new Environment({ homogeneousAggregateLiterals: false, enableOptionalTypes: true });
    registerKubernetesFunctions(this.environment);
  }

  typeOf(schema: Schema, isRoot = false): CelType {
    let type = this.#types.get(schema);
    if (type === undefined) {
      type = this.#makeType(schema, isRoot);
      this.#types.set(schema, type);
    }
    return type;
  }

  #makeType(schema: Schema, isRoot: boolean): CelType {
    if (schema['x-kubernetes-int-or-string'] === true) return dyn;
    if (schema.type === 'array') return this.#listType(schema);
    if (schema.type === 'object') return this.#objectType(schema, isRoot);
    if (schema.type === 'string') return stringFormats[schema.format ?? ''] ?? text;
    return scalars[schema.type ?? ''] ?? dyn;
  }

  #listType(schema: Schema): CelType {
    const item = this.typeOf(resolveSchema(schema.items ?? {}));
    return {
      name: `list<${item.name}>`,
      toCel: (value) => (Array.isArray(value) ? value.map(item.toCel) : value),
    };
  }

  #objectType(schema: Schema, isRoot: boolean): CelType {
    const withMetadata = isRoot || schema['x-kubernetes-embedded-resource'] === true;
    if (schema.properties !== undefined || withMetadata) return this.#messageType(schema, withMetadata);
    if (typeof schema.additionalProperties === 'object') return this.#mapType(schema.additionalProperties);
    return keepsUnknownFields(schema) ? dyn : { name: 'map<string, dyn>', toCel: dynamicValue };
  }

  #mapType(valueSchema: Schema): CelType {
    const type = this.typeOf(resolveSchema(valueSchema));
    return {
      name: `map<string, ${type.name}>`,
      toCel: (value) =>
        isObject(value)
          ? new Map(Object.entries(value).map(([key, child]): [string, unknown] => [key, type.toCel(child)]))
          : value,
    };
  }

  #messageType(schema: Schema, withMetadata: boolean): CelType {
    const properties: Record<string, Schema> = { ...schema.properties };
    if (withMetadata) {
      properties['apiVersion'] = { type: 'string' };
      properties['kind'] = { type: 'string' };
      properties['metadata'] = visibleMetadata;
    }
    const fields = new Map(
      Object.entries(properties).map(([name, child]): [string, MessageField] => [
        name,
        { celName: celFieldName(name), type: this.typeOf(resolveSchema(child)) },
      ]),
    );
    const name = `Object${this.#types.size}`;
    // The environment tells types apart by constructor, so each node of the schema gets one of its own.
    const Type = class extends Message {};
    const declared = Object.fromEntries(
      [...fields.values()].map((field) => [field.celName, field.type.name]),
    );
    this.environment.registerType(name, { ctor: Type, fields: declared });
    this.environment.registerOperator(`${name} == ${name}`, (a: Message, b: Message) => a.equals(b));
    const toCel = (value: unknown): unknown => (isObject(value) ? new Type(value, fields) : value);
    return { name, toCel };
  }
}

/** Without a schema, whole numbers are integers, as JSON has them. */
export function dynamicValue(value: unknown): unknown {
  if (typeof value === 'number' && Number.isInteger(value)) return BigInt(value);
  if (Array.isArray(value)) return value.map(dynamicValue);
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, dynamicValue(child)]));
}
