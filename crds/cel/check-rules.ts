/** Owns the evaluation of a schema's CEL rules on an object, as the API server does it after defaulting. */
import type { ParseResult } from '@marcbachmann/cel-js';
import { messageOf } from '../../platform/errors.ts';
import { makeCelEnvironment } from './environment.ts';
import type { CelRuleSchema, CelSchema } from './schema.ts';
import { isRecord } from './schema.ts';
import { toCelValue } from './value.ts';

export interface RuleViolation {
  /** The field, as Kubernetes writes it: `spec.servedEntities[0].workload`; empty at the root. */
  readonly path: string;
  readonly message: string;
  /** A reason of Kubernetes' field errors. */
  readonly reason: string;
}

export type RuleChecker = (object: unknown, oldObject?: unknown) => RuleViolation[];

type Evaluate = (rule: CelRuleSchema, self: unknown, oldSelf: unknown) => string | undefined;

/** The API server shows rules no other part of the metadata. */
const metadataSchema: CelSchema = {
  type: 'object',
  properties: { name: { type: 'string' }, generateName: { type: 'string' } },
};

/**
 * Returns a function that lists the rules which an object breaks, given the schema of the whole object. A rule on
 * `oldSelf` is skipped where there is no old value, and in lists whose entries have no key.
 *
 * @throws (when made) the error of a rule that is no valid CEL.
 */
export function makeRuleChecker(schema: CelSchema): RuleChecker {
  const root: CelSchema = { ...schema, properties: { ...schema.properties, metadata: metadataSchema } };
  const evaluate = makeEvaluator(root);
  return (object, oldObject) =>
    violationsOf({ schema: root, path: '', value: object, old: oldObject }, evaluate);
}

function makeEvaluator(root: CelSchema): Evaluate {
  const environment = makeCelEnvironment();
  const programs = new Map<string, ParseResult>();
  for (const { rule } of rulesIn(root)) {
    const program = environment.parse(rule);
    const { error } = program.check();
    if (error !== undefined) throw error;
    programs.set(rule, program);
  }
  return ({ rule, message }, self, oldSelf) => {
    try {
      return programs.get(rule)?.({ self, oldSelf }) === true
        ? undefined
        : (message ?? `failed rule: ${rule}`);
    } catch (error) {
      return `the rule ${rule} could not be evaluated: ${messageOf(error)}`;
    }
  };
}

function rulesIn(schema: CelSchema): CelRuleSchema[] {
  const { properties = {}, items, additionalProperties } = schema;
  const children = [...Object.values(properties), ...(items === undefined ? [] : [items])];
  if (typeof additionalProperties === 'object') children.push(additionalProperties);
  return [...(schema['x-kubernetes-validations'] ?? []), ...children.flatMap(rulesIn)];
}

interface Node {
  readonly schema: CelSchema;
  readonly path: string;
  readonly value: unknown;
  readonly old: unknown;
}

function violationsOf(node: Node, evaluate: Evaluate): RuleViolation[] {
  const { schema, path, value, old } = node;
  if (value === undefined || value === null) return [];
  const violations: RuleViolation[] = [];
  const rules = schema['x-kubernetes-validations'] ?? [];
  for (const rule of rules.filter(({ rule: text }) => old !== undefined || !/\boldSelf\b/.test(text))) {
    const message = evaluate(rule, toCelValue(value, schema), toCelValue(old, schema));
    const { reason = 'FieldValueInvalid', fieldPath = '' } = rule;
    if (message !== undefined) violations.push({ path: `${path}${fieldPath}`, message, reason });
  }
  return [...violations, ...childrenOf(node).flatMap((child) => violationsOf(child, evaluate))];
}

function childrenOf({ schema, path, value, old }: Node): Node[] {
  const { properties = {}, items, additionalProperties } = schema;
  if (Array.isArray(value) && items !== undefined) {
    return value.map((item: unknown, index) => ({
      schema: items,
      path: `${path}[${index}]`,
      value: item,
      old: counterpartOf(item, old, schema),
    }));
  }
  if (!isRecord(value)) return [];
  const before = isRecord(old) ? old : {};
  return Object.entries(value).flatMap(([name, child]): Node[] => {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property !== undefined) {
      const at = path === '' ? name : `${path}.${name}`;
      return [{ schema: property, path: at, value: child, old: before[name] }];
    }
    if (typeof additionalProperties !== 'object') return [];
    return [{ schema: additionalProperties, path: `${path}[${name}]`, value: child, old: before[name] }];
  });
}

/** Returns the entry of the old list with the same keys; entries of a list without keys have no history. */
function counterpartOf(
  item: unknown,
  old: unknown,
  { 'x-kubernetes-list-map-keys': keys }: CelSchema,
): unknown {
  if (keys === undefined || !isRecord(item) || !Array.isArray(old)) return undefined;
  return old.find(
    (candidate: unknown) => isRecord(candidate) && keys.every((key) => candidate[key] === item[key]),
  );
}
