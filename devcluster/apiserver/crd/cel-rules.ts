/** Owns `x-kubernetes-validations`: compiling the rules of a schema once, and evaluating them on every write. */
import type { StatusCause } from '../errors/api-error.ts';
import { isObject } from '../objects/kube-object.ts';
import type { JsonObject } from '../objects/kube-object.ts';
import type { Schema, ValidationRuleSchema } from '../schema/schema.ts';
import { resolveSchema } from '../schema/schema.ts';
import { messageOf } from '../../../platform/errors.ts';
import { CelTypes } from './cel-types.ts';
import type { CelType } from './cel-types.ts';

interface CompiledRule {
  readonly rule: ValidationRuleSchema;
  /** A transition rule looks at `oldSelf`, and so holds on creation. */
  readonly isTransition: boolean;
  readonly evaluate: (variables: Record<string, unknown>) => unknown;
  readonly evaluateMessage: ((variables: Record<string, unknown>) => unknown) | undefined;
}

/** The rules of a schema node and of the nodes below it. */
interface RuleNode {
  readonly schema: Schema;
  readonly type: CelType;
  readonly rules: readonly CompiledRule[];
  readonly fields: ReadonlyMap<string, RuleNode>;
  readonly further: RuleNode | undefined;
  readonly items: RuleNode | undefined;
}

export interface RuleProblem {
  readonly path: string;
  readonly rule: string;
  readonly message: string;
}

export interface RuleSet {
  /** Returns the violations of `value`, with `old` where there is one. */
  check(value: unknown, old: unknown): StatusCause[];
}

/** Compiles every rule of a CRD's schema; `problems` has those that do not compile. */
export function compileRules(root: Schema): { readonly rules: RuleSet; readonly problems: RuleProblem[] } {
  const problems: RuleProblem[] = [];
  const node = compileNode(root, { path: 'openAPIV3Schema', isRoot: true, problems });
  const check = (value: unknown, old: unknown): StatusCause[] =>
    node === undefined ? [] : checkNode(node, value, old, '');
  return { rules: { check }, problems };
}

interface CompileContext {
  readonly path: string;
  readonly isRoot: boolean;
  readonly problems: RuleProblem[];
}

/** Returns undefined where neither the node nor anything below it has a rule. */
function compileNode(schema: Schema, context: CompileContext): RuleNode | undefined {
  const below = (child: Schema, step: string): RuleNode | undefined =>
    compileNode(resolveSchema(child), {
      path: `${context.path}.${step}`,
      isRoot: false,
      problems: context.problems,
    });
  const fields = new Map<string, RuleNode>();
  for (const [name, child] of Object.entries(schema.properties ?? {})) {
    const node = below(child, `properties[${name}]`);
    if (node !== undefined) fields.set(name, node);
  }
  const further =
    typeof schema.additionalProperties === 'object'
      ? below(schema.additionalProperties, 'additionalProperties')
      : undefined;
  const items = schema.items === undefined ? undefined : below(schema.items, 'items');
  const sources = schema['x-kubernetes-validations'] ?? [];
  if (sources.length + fields.size === 0 && further === undefined && items === undefined) return undefined;
  // Types are made per node that has rules: `self` has one type per environment.
  const types = new CelTypes();
  const type: CelType =
    sources.length === 0 ? { name: 'dyn', toCel: (value) => value } : types.typeOf(schema, context.isRoot);
  types.environment.registerVariable('self', type.name).registerVariable('oldSelf', type.name);
  const rules = sources.flatMap((rule, index) => compileRule(rule, types, { ...context, index }));
  return { schema, type, rules, fields, further, items };
}

function compileRule(
  rule: ValidationRuleSchema,
  types: CelTypes,
  context: CompileContext & { readonly index: number },
): CompiledRule[] {
  const path = `${context.path}.x-kubernetes-validations[${context.index}]`;
  const evaluate = compileExpression(rule.rule, 'bool', types, (message) =>
    context.problems.push({ path: `${path}.rule`, rule: rule.rule, message }),
  );
  const { messageExpression } = rule;
  const evaluateMessage =
    messageExpression === undefined
      ? undefined
      : compileExpression(messageExpression, 'string', types, (message) =>
          context.problems.push({ path: `${path}.messageExpression`, rule: messageExpression, message }),
        );
  if (evaluate === undefined) return [];
  return [{ rule, isTransition: /\boldSelf\b/.test(rule.rule), evaluate, evaluateMessage }];
}

function compileExpression(
  source: string,
  wanted: string,
  types: CelTypes,
  onProblem: (message: string) => void,
): ((variables: Record<string, unknown>) => unknown) | undefined {
  try {
    const parsed = types.environment.parse(source);
    const checked = parsed.check();
    if (!checked.valid) onProblem(`compilation failed: ${checked.error?.message ?? 'unknown error'}`);
    else if (checked.type !== wanted && checked.type !== 'dyn') {
      onProblem(
        `compilation failed: must evaluate to ${wanted}, and evaluates to ${checked.type ?? 'nothing'}`,
      );
    } else return (variables) => parsed(variables) as unknown;
  } catch (error) {
    onProblem(`compilation failed: ${messageOf(error)}`);
  }
  return undefined;
}

function checkNode(node: RuleNode, value: unknown, old: unknown, path: string): StatusCause[] {
  if (value === undefined || value === null) return [];
  const own = checkRules(node, value, old, path);
  if (Array.isArray(value)) return [...own, ...checkItems(node, value as unknown[], old, path)];
  if (!isObject(value)) return own;
  const oldFields: JsonObject = isObject(old) ? old : {};
  const below = Object.entries(value).flatMap(([name, child]) => {
    const childNode = node.fields.get(name) ?? node.further;
    const isDeclared = node.fields.has(name);
    const childPath = isDeclared ? `${path}.${name}` : `${path}[${name}]`;
    return childNode === undefined ? [] : checkNode(childNode, child, oldFields[name], childPath);
  });
  return [...own, ...below];
}

/** Only entries of a list map have an old self: elsewhere a position says nothing about identity. */
function checkItems(node: RuleNode, list: readonly unknown[], old: unknown, path: string): StatusCause[] {
  const { items } = node;
  if (items === undefined) return [];
  const keys =
    node.schema['x-kubernetes-list-type'] === 'map' ? (node.schema['x-kubernetes-list-map-keys'] ?? []) : [];
  const oldList: unknown[] = keys.length > 0 && Array.isArray(old) ? (old as unknown[]) : [];
  const isSame = (a: unknown, b: unknown): boolean =>
    isObject(a) && isObject(b) && keys.every((key) => a[key] === b[key]);
  return list.flatMap((item, index) =>
    checkNode(
      items,
      item,
      oldList.find((candidate) => isSame(candidate, item)),
      `${path}[${index}]`,
    ),
  );
}

function checkRules(node: RuleNode, value: unknown, old: unknown, path: string): StatusCause[] {
  if (node.rules.length === 0) return [];
  const self = node.type.toCel(value);
  const variables = old === undefined ? { self } : { self, oldSelf: node.type.toCel(old) };
  return node.rules
    .filter((compiled) => !compiled.isTransition || old !== undefined)
    .flatMap((compiled) => {
      const failure = evaluateRule(compiled, variables);
      if (failure === undefined) return [];
      const field = `${path}${compiled.rule.fieldPath ?? ''}`.replace(/^\./, '');
      return [violation(compiled.rule, failure, field, node.schema.type ?? 'object')];
    });
}

/** Returns undefined where the rule holds, and what to say where it does not. */
function evaluateRule(compiled: CompiledRule, variables: Record<string, unknown>): string | undefined {
  const { rule } = compiled;
  try {
    if (compiled.evaluate(variables) === true) return undefined;
    if (compiled.evaluateMessage !== undefined) return String(compiled.evaluateMessage(variables));
    return rule.message ?? `failed rule: ${rule.rule}`;
  } catch (error) {
    return `rule evaluation error: ${messageOf(error).split('\n', 1)[0] ?? ''} evaluating rule: ${rule.message ?? rule.rule}`;
  }
}

function violation(rule: ValidationRuleSchema, message: string, field: string, type: string): StatusCause {
  const reason = rule.reason ?? 'FieldValueInvalid';
  switch (reason) {
    case 'FieldValueForbidden':
      return { reason, field, message: `Forbidden: ${message}` };
    case 'FieldValueRequired':
      return { reason, field, message: `Required value: ${message}` };
    case 'FieldValueDuplicate':
      return { reason, field, message: `Duplicate value: "${type}": ${message}` };
    default:
      return { reason: 'FieldValueInvalid', field, message: `Invalid value: "${type}": ${message}` };
  }
}
