/** Owns the OpenAPI v3 documents that kubectl reads: one per group and version, made from the same schemas. */
import { createHash } from 'node:crypto';
import type { ResourceType } from '../resources/resource-type.ts';
import type { Schema } from '../schema/schema.ts';
import { builtinDefinitions } from '../schema/schema.ts';

const definitionPrefix = '#/definitions/';
const componentPrefix = '#/components/schemas/';

const pathOf = (group: string, version: string): string =>
  group === '' ? `api/${version}` : `apis/${group}/${version}`;

/** Returns the index of documents (`/openapi/v3`); the hash in each address changes with its content. */
export function makeOpenApiIndex(types: readonly ResourceType[]): object {
  const paths = [...new Set(types.map((type) => pathOf(type.group, type.version)))];
  const entries = paths.map((path) => {
    const own = types.filter((type) => pathOf(type.group, type.version) === path);
    const hash = createHash('sha256').update(JSON.stringify(own.map((type) => [type.kind, type.schema])));
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash.digest('hex').slice(0, 32)}` }];
  });
  return { paths: Object.fromEntries(entries) as unknown };
}

/** Returns the document of one group and version, by its path (`apis/apps/v1`); undefined where none is served. */
export function makeOpenApiDocument(types: readonly ResourceType[], path: string): object | undefined {
  const own = types.filter((type) => pathOf(type.group, type.version) === path);
  if (own.length === 0) return undefined;
  const schemas: Record<string, unknown> = {};
  for (const type of own) addModel(type, schemas);
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.37.0' },
    paths: Object.assign({}, ...own.map(makePaths)) as unknown,
    components: { schemas },
  };
}

/** The name of a kind's schema: custom kinds have the group reversed, as Kubernetes names them. */
function modelNameOf(type: ResourceType): string {
  if (type.model !== undefined) return type.model;
  return [...type.group.split('.').reverse(), type.version, type.kind].join('.');
}

function addModel(type: ResourceType, schemas: Record<string, unknown>): void {
  const { group, version, kind } = type;
  const referenced = new Set<string>();
  const schema = withComponentReferences(type.schema, referenced) as object;
  schemas[modelNameOf(type)] = { ...schema, 'x-kubernetes-group-version-kind': [{ group, version, kind }] };
  const pending = [...referenced];
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (schemas[name] !== undefined) continue;
    const below = new Set<string>();
    schemas[name] = withComponentReferences(builtinDefinitions[name] ?? {}, below);
    pending.push(...below);
  }
}

/** References point into the document; a reference with extensions beside it stands in an allOf, as OpenAPI asks. */
function withComponentReferences(value: unknown, referenced: Set<string>): unknown {
  if (Array.isArray(value)) return value.map((item) => withComponentReferences(item, referenced));
  if (typeof value !== 'object' || value === null) return value;
  const { $ref, ...rest } = value as Schema;
  const copy = Object.fromEntries(
    Object.entries(rest).map(([key, child]) => [key, withComponentReferences(child, referenced)]),
  );
  if (typeof $ref !== 'string') return copy;
  const name = $ref.slice(definitionPrefix.length);
  referenced.add(name);
  const reference = { $ref: `${componentPrefix}${name}` };
  return Object.keys(copy).length === 0 ? reference : { ...copy, allOf: [reference] };
}

const parameter = (name: string): object => ({
  name,
  in: 'query',
  schema: { type: 'string', uniqueItems: true },
});
const writeParameters = ['dryRun', 'fieldManager', 'fieldValidation'].map(parameter);
const bodies = ['application/json', 'application/yaml'];
const patches = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

function makePaths(type: ResourceType): Record<string, object> {
  const base = `/${pathOf(type.group, type.version)}${type.namespaced ? '/namespaces/{namespace}' : ''}/${type.plural}`;
  const kind = { group: type.group, version: type.version, kind: type.kind };
  const content = (mediaTypes: readonly string[]): object =>
    Object.fromEntries(
      mediaTypes.map((mediaType) => [
        mediaType,
        { schema: { $ref: `${componentPrefix}${modelNameOf(type)}` } },
      ]),
    );
  const operation = (action: string, mediaTypes: readonly string[] = []): object => ({
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': kind,
    parameters: mediaTypes.length === 0 ? [] : writeParameters,
    ...(mediaTypes.length === 0 ? {} : { requestBody: { content: content(mediaTypes) } }),
    responses: { '200': { description: 'OK', content: content(['application/json']) } },
  });
  const on = (verb: string, value: Record<string, object>): Record<string, object> =>
    type.verbs.includes(verb) ? value : {};
  const named = {
    ...on('get', { get: operation('get') }),
    ...on('update', { put: operation('put', bodies) }),
    ...on('patch', { patch: operation('patch', type.custom ? patches.slice(0, 3) : patches) }),
    ...on('delete', { delete: operation('delete') }),
  };
  return {
    [base]: {
      ...on('list', { get: operation('list') }),
      ...on('create', { post: operation('post', bodies) }),
    },
    ...(Object.keys(named).length === 0 ? {} : { [`${base}/{name}`]: named }),
  };
}

/** Returns the version that this server says it is. */
export const serverVersion = {
  major: '1',
  minor: '37',
  gitVersion: 'v1.37.2+fairlead',
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
  platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
};
