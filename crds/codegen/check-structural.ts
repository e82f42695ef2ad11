/** Owns the rules of structural schemas (apiextensions v1): what the API server would refuse is refused at generation. */
import { GenerationError } from './generation-error.ts';
import type { JsonSchema } from '../json-schema.ts';
import { childrenOf } from '../json-schema.ts';

const annotations = ['title', 'description', 'default', 'nullable'];
const structure = ['type', 'properties', 'items', 'additionalProperties'];
const validations = [
  ...['format', 'enum', 'minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ...[
    'minLength',
    'maxLength',
    'pattern',
    'minItems',
    'maxItems',
    'minProperties',
    'maxProperties',
    'required',
  ],
];
const combinators = ['allOf', 'anyOf', 'oneOf', 'not'];
const extensions = [
  'x-kubernetes-validations',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-map-type',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-int-or-string',
  'x-kubernetes-embedded-resource',
];
const known = new Set([...annotations, ...structure, ...validations, ...combinators, ...extensions]);
const allowedInCombinators = new Set([...validations, ...combinators, 'properties', 'items']);

/** @throws GenerationError naming the first node that breaks a rule of structural schemas. */
export function checkStructural(schema: JsonSchema, path = ''): void {
  const problem = problemOf(schema);
  if (problem !== undefined) throw new GenerationError(path, problem);
  for (const branch of branchesOf(schema)) {
    if (schema['x-kubernetes-int-or-string'] !== true) checkBranch(branch, schema, path);
  }
  for (const [at, child] of childrenOf(schema, path)) checkStructural(child, at);
}

type Rule = readonly [isBroken: (node: JsonSchema) => boolean, problem: string];

const nodeRules: readonly Rule[] = [
  [(node) => node.type === undefined && !mayLackType(node), 'type is missing'],
  [(node) => node.type === 'array' && node.items === undefined, 'items is missing'],
  [
    (node) => node.properties !== undefined && node.additionalProperties !== undefined,
    'properties and additionalProperties exclude each other',
  ],
  [(node) => node.additionalProperties === false, 'additionalProperties must not be false'],
  [
    (node) => node.required?.some((name) => node.properties?.[name] === undefined) === true,
    'a required field is not declared',
  ],
  [
    (node) => node.pattern !== undefined && usesMoreThanRe2(node.pattern),
    'the pattern uses look-around or a back-reference, which RE2 does not know',
  ],
];

function problemOf(node: JsonSchema): string | undefined {
  const unknown = Object.keys(node).find((keyword) => !known.has(keyword));
  if (unknown !== undefined) return `${unknown} is no keyword of a CRD schema`;
  return nodeRules.find(([isBroken]) => isBroken(node))?.[1];
}

function mayLackType(node: JsonSchema): boolean {
  return node['x-kubernetes-preserve-unknown-fields'] === true || node['x-kubernetes-int-or-string'] === true;
}

/** The API server compiles patterns with RE2. */
function usesMoreThanRe2(pattern: string): boolean {
  return /\(\?(?:[=!]|<[=!])|\\[1-9]|\\k</.test(pattern);
}

function branchesOf(node: JsonSchema): JsonSchema[] {
  const { allOf = [], anyOf = [], oneOf = [], not } = node;
  return [...allOf, ...anyOf, ...oneOf, ...(not === undefined ? [] : [not])];
}

/** Inside a combinator stand value validations only, for fields that are declared outside of it. */
function checkBranch(branch: JsonSchema, outside: JsonSchema | undefined, path: string): void {
  const forbidden = Object.keys(branch).find((keyword) => !allowedInCombinators.has(keyword));
  if (forbidden !== undefined) {
    throw new GenerationError(path, `${forbidden} must not stand inside allOf, anyOf, oneOf or not`);
  }
  for (const [name, property] of Object.entries(branch.properties ?? {})) {
    const declared = outside?.properties?.[name];
    if (declared === undefined) {
      throw new GenerationError(path, `${name} is declared only inside allOf, anyOf, oneOf or not`);
    }
    checkBranch(property, declared, path);
  }
  if (branch.items !== undefined) checkBranch(branch.items, outside?.items, path);
  for (const inner of branchesOf(branch)) checkBranch(inner, outside, path);
}
