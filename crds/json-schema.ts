/** Owns the shape of the JSON Schemas that code generation works on, and how one is walked. */

export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/** A rule of `x-kubernetes-validations` (Kubernetes: CustomResourceDefinition validation rules). */
export interface CelRule {
  readonly rule: string;
  readonly message?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
}

/** What zod emits for target `openapi-3.0`, and what a CRD's `openAPIV3Schema` holds. */
export interface JsonSchema {
  $ref?: string;
  definitions?: Record<string, JsonSchema>;
  title?: string;
  description?: string;
  type?: string;
  format?: string;
  nullable?: boolean;
  default?: JsonValue;
  enum?: JsonValue[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: boolean;
  exclusiveMaximum?: boolean;
  multipleOf?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  items?: JsonSchema;
  minItems?: number;
  maxItems?: number;
  uniqueItems?: boolean;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  minProperties?: number;
  maxProperties?: number;
  propertyNames?: JsonSchema;
  allOf?: JsonSchema[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  not?: JsonSchema;
  'x-kubernetes-validations'?: readonly CelRule[];
  'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  'x-kubernetes-list-map-keys'?: string[];
  'x-kubernetes-map-type'?: 'atomic' | 'granular';
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-int-or-string'?: boolean;
  'x-kubernetes-embedded-resource'?: boolean;
}

/** Returns what stands in the place of `node`. `path` names it as people do: `spec.tags[].key`. */
export type NodeRewrite = (node: JsonSchema, path: string) => JsonSchema;

const combinators = ['allOf', 'anyOf', 'oneOf'] as const;

/** Returns the path of a property, of the items of a list (`[]`) or of the values of a map (`[*]`). */
export function childPath(path: string, child: string): string {
  return path === '' || child.startsWith('[') ? `${path}${child}` : `${path}.${child}`;
}

/** Returns the children of a node that describe values below it, each with its path. */
export function childrenOf(node: JsonSchema, path: string): (readonly [path: string, child: JsonSchema])[] {
  const children: (readonly [string, JsonSchema])[] = Object.entries(node.properties ?? {}).map(
    ([name, child]) => [childPath(path, name), child] as const,
  );
  if (node.items !== undefined) children.push([childPath(path, '[]'), node.items]);
  if (typeof node.additionalProperties === 'object') {
    children.push([childPath(path, '[*]'), node.additionalProperties]);
  }
  return children;
}

/** Returns a copy of `node` whose direct children, those of its combinators included, went through `change`. */
export function mapChildren(node: JsonSchema, path: string, change: NodeRewrite): JsonSchema {
  const copy: JsonSchema = { ...node };
  if (node.properties !== undefined) {
    const entries = Object.entries(node.properties);
    copy.properties = Object.fromEntries(
      entries.map(([name, child]) => [name, change(child, childPath(path, name))]),
    );
  }
  if (node.items !== undefined) copy.items = change(node.items, childPath(path, '[]'));
  if (typeof node.additionalProperties === 'object') {
    copy.additionalProperties = change(node.additionalProperties, childPath(path, '[*]'));
  }
  for (const combinator of combinators) {
    const branches = node[combinator];
    if (branches !== undefined) copy[combinator] = branches.map((branch) => change(branch, path));
  }
  if (node.not !== undefined) copy.not = change(node.not, path);
  return copy;
}

/** Returns `schema` with `rewrite` applied to every node, children before parents; `schema` stays as it was. */
export function rewriteSchema(schema: JsonSchema, rewrite: NodeRewrite, path = ''): JsonSchema {
  const descend: NodeRewrite = (child, at) => rewriteSchema(child, rewrite, at);
  return rewrite(mapChildren(schema, path, descend), path);
}
