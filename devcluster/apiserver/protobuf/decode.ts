/** Owns the objects that typed clients send as protocol buffers: decoded into the JSON form, by the generated tables. */
import numbers from '../builtin/field-numbers.json' with { type: 'json' };
import { badRequest } from '../errors/api-error.ts';
import type { JsonObject } from '../objects/kube-object.ts';
import { builtinDefinitions, modelOf, resolveSchema } from '../schema/schema.ts';
import type { Schema } from '../schema/schema.ts';
import { fieldOf, numberOf, readFields, textOf } from './wire.ts';
import type { WireField, WireValue } from './wire.ts';

export const protobufMediaType = 'application/vnd.kubernetes.protobuf';

/** Field names by number: `+name` keeps zero values, `@model` stands for the fields of another model. */
const fieldNumbers = numbers as Readonly<Record<string, Readonly<Record<string, string>>>>;
const magic = Buffer.from('k8s\0');
/** Fields whose times have microseconds; all others have whole seconds. */
const microTimes = new Set(['acquireTime', 'renewTime', 'eventTime', 'lastObservedTime']);

/**
 * Returns the object in an envelope of Kubernetes' protobuf encoding. `modelOfKind` names the model of a kind.
 *
 * @throws ApiError 400 where the bytes are no envelope, or the kind is not one of the tables.
 */
export function decodeProtobuf(
  body: Buffer,
  modelOfKind: (apiVersion: string, kind: string) => string | undefined,
): JsonObject {
  if (!body.subarray(0, magic.length).equals(magic))
    throw badRequest('the body is not a Kubernetes protobuf object');
  const envelope = readFields(body.subarray(magic.length));
  const typeMeta = readFields(bytesOf(fieldOf(envelope, 1)));
  const apiVersion = textOf(fieldOf(typeMeta, 1));
  const kind = textOf(fieldOf(typeMeta, 2));
  const model = modelOfKind(apiVersion, kind);
  const schema = model === undefined ? undefined : builtinDefinitions[model];
  if (model === undefined || schema === undefined) {
    throw badRequest(`no kind "${kind}" of ${apiVersion} can be read from protobuf; send JSON`);
  }
  const fields = readFields(bytesOf(fieldOf(envelope, 2)));
  return { apiVersion, kind, ...decodeMessage(fields, model, schema) };
}

const bytesOf = (value: WireValue | undefined): Buffer => (Buffer.isBuffer(value) ? value : Buffer.alloc(0));

function decodeMessage(fields: readonly WireField[], model: string, schema: Schema): JsonObject {
  const names = fieldNumbers[model] ?? {};
  const result: JsonObject = {};
  for (const { number, value } of fields) {
    const entry = names[String(number)];
    // A field of a newer client: what its JSON would say is unknown here too.
    if (entry === undefined) continue;
    if (entry.startsWith('@')) {
      Object.assign(result, decodeMessage(readFields(bytesOf(value)), entry.slice(1), schema));
      continue;
    }
    const name = entry.replace(/^\+/, '');
    const property = schema.properties?.[name];
    if (property === undefined) continue;
    const decoded = decodeField(value, property, { name, before: result[name] });
    if (entry.startsWith('+') || !isZero(decoded)) result[name] = decoded;
  }
  return result;
}

const isZero = (value: unknown): boolean =>
  value === '' || value === 0 || value === false || value === null || value === undefined;

function decodeField(
  value: WireValue,
  schema: Schema,
  context: { readonly name: string; readonly before: unknown },
): unknown {
  if (schema.type === 'array') {
    const before = Array.isArray(context.before) ? (context.before as unknown[]) : [];
    return [...before, decodeValue(value, schema.items ?? {}, context.name)];
  }
  if (typeof schema.additionalProperties === 'object') {
    const entry = readFields(bytesOf(value));
    const decoded = decodeValue(fieldOf(entry, 2) ?? Buffer.alloc(0), schema.additionalProperties, '');
    return { ...(context.before as JsonObject | undefined), [textOf(fieldOf(entry, 1))]: decoded };
  }
  return decodeValue(value, schema, context.name);
}

function decodeValue(value: WireValue, schema: Schema, name: string): unknown {
  const model = modelOf(schema);
  if (model !== undefined) return decodeMessage(readFields(bytesOf(value)), model, resolveSchema(schema));
  if (schema.format === 'quantity') return textOf(fieldOf(readFields(bytesOf(value)), 1));
  if (schema.format === 'int-or-string') return decodeIntOrString(readFields(bytesOf(value)));
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return decodeRaw(value);
  if (schema.type === 'boolean') return value !== 0n;
  if (schema.type === 'integer') return numberOf(value);
  if (schema.type === 'number') return bytesOf(value).readDoubleLE(0);
  if (schema.format === 'byte') return bytesOf(value).toString('base64');
  if (schema.format === 'date-time') return decodeTime(readFields(bytesOf(value)), microTimes.has(name));
  if (schema.type === 'array')
    return readFields(bytesOf(value)).map((field) => decodeValue(field.value, schema.items ?? {}, ''));
  return textOf(value);
}

function decodeIntOrString(fields: readonly WireField[]): number | string {
  const isText = numberOf(fieldOf(fields, 1)) === 1;
  return isText ? textOf(fieldOf(fields, 3)) : numberOf(fieldOf(fields, 2));
}

/** Raw parts (FieldsV1, RawExtension, JSON) carry JSON text in their first field. */
function decodeRaw(value: WireValue): unknown {
  const text = textOf(fieldOf(readFields(bytesOf(value)), 1));
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}

function decodeTime(fields: readonly WireField[], micro: boolean): string | null {
  if (fields.length === 0) return null;
  const seconds = numberOf(fieldOf(fields, 1));
  const text = new Date(seconds * 1_000).toISOString().slice(0, -5);
  const micros = Math.floor(numberOf(fieldOf(fields, 2)) / 1_000);
  return micro ? `${text}.${String(micros).padStart(6, '0')}Z` : `${text}Z`;
}
