/** Owns whether a webhook is asked about a write: its rules, its selectors, its conditions. */
import { messageOf } from '../../../platform/errors.ts';
import { ApiError, qualifiedName } from '../errors/api-error.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import type { AdmissionQuestion } from '../pipeline/course.ts';
import type { Core } from '../pipeline/request-context.ts';
import type { ResourceType } from '../resources/resource-type.ts';
import { isConfiguration } from './hook.ts';
import type { Hook, Rule } from './hook.ts';
import { makeReviewRequest } from './review.ts';

/** A webhook that is to be asked, in the version of the kind that its rules name. */
export interface Match {
  readonly hook: Hook;
  readonly type: ResourceType;
}

/**
 * Returns how a webhook is to be asked; undefined where it is not.
 *
 * @throws ApiError 403 where a condition cannot be evaluated and the webhook must not be passed by.
 */
export function matchHook(core: Core, hook: Hook, question: AdmissionQuestion): Match | undefined {
  if (isConfiguration(question.type.storage)) return undefined;
  const type = matchingType(core, hook, question);
  if (type === undefined || !selects(core, hook, question)) return undefined;
  return conditionsHold(hook, { ...question, type }) ? { hook, type } : undefined;
}

/** The kind itself, or, unless the match is to be exact, another version of it. */
function matchingType(core: Core, hook: Hook, question: AdmissionQuestion): ResourceType | undefined {
  const { type } = question;
  const versions = hook.exact
    ? [type]
    : [type, ...core.registry.all().filter((other) => other !== type && other.storage === type.storage)];
  return versions.find((each) => hook.rules.some((rule) => ruleMatches(rule, each, question)));
}

function ruleMatches(
  rule: Rule,
  type: Pick<ResourceType, 'group' | 'version' | 'plural' | 'namespaced'>,
  question: Pick<AdmissionQuestion, 'operation' | 'subresource'>,
): boolean {
  const has = (list: readonly string[], value: string): boolean => list.includes('*') || list.includes(value);
  return (
    has(rule.operations, question.operation) &&
    has(rule.apiGroups, type.group) &&
    has(rule.apiVersions, type.version) &&
    (rule.scope === '*' || rule.scope === (type.namespaced ? 'Namespaced' : 'Cluster')) &&
    rule.resources.some((resource) => resourceMatches(resource, type.plural, question.subresource ?? ''))
  );
}

function resourceMatches(wanted: string, plural: string, subresource: string): boolean {
  const [resource = '', sub = ''] = wanted.split('/', 2);
  return (resource === '*' || resource === plural) && (sub === subresource || sub === '*');
}

function selects(core: Core, hook: Hook, question: AdmissionQuestion): boolean {
  const { type, object, oldObject, namespace } = question;
  if (hook.objects !== undefined) {
    const { objects } = hook;
    const isSelected = (each: KubeObject | undefined): boolean =>
      each !== undefined && objects(each.metadata.labels);
    if (!isSelected(object) && !isSelected(oldObject)) return false;
  }
  if (type.storage === 'namespaces') return hook.namespaces((object ?? oldObject)?.metadata.labels);
  if (!type.namespaced) return true;
  return hook.namespaces(core.store.get('namespaces', undefined, namespace ?? '')?.metadata.labels);
}

/** The library begins with a capital, and shows the place on further lines. */
const celMessage = (error: unknown): string =>
  (messageOf(error).split('\n', 1)[0] ?? '').replace(/^N(?=o such key)/, 'n');

/** A condition that is false decides, whatever becomes of the others. */
function conditionsHold(hook: Hook, question: AdmissionQuestion): boolean {
  if (hook.conditions.length === 0) return true;
  const variables = {
    object: question.object,
    oldObject: question.oldObject,
    request: makeReviewRequest(question, question.type, ''),
  };
  const failures: string[] = [];
  for (const condition of hook.conditions) {
    try {
      if (condition.problem !== undefined) throw new Error(condition.problem);
      if (!condition.holds(variables)) return false;
    } catch (error) {
      failures.push(`expression '${condition.expression}' resulted in error: ${celMessage(error)}`);
    }
  }
  if (failures.length === 0) return true;
  if (hook.failurePolicy === 'Ignore') return false;
  const { type, name } = question;
  const message = `${qualifiedName(type)} "${name}" is forbidden: ${failures.join(', ')}`;
  throw new ApiError(403, 'Forbidden', message, { name, group: type.group, kind: type.plural });
}
