/** Owns role-based access control: what the roles that are bound to a user allow. */
import { isObject, objectAt } from '../objects/kube-object.ts';
import type { JsonObject, KubeObject } from '../objects/kube-object.ts';
import type { UserInfo } from '../pipeline/request-context.ts';
import type { ObjectStore } from '../storage/object-store.ts';

export interface ResourceAttributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

/** One question: may the user do this? Either on a resource or on a path that names none. */
export type AccessAttributes = ResourceAttributes | { readonly verb: string; readonly path: string };

export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

export interface Decision {
  readonly allowed: boolean;
  readonly reason: string;
}

const group = 'rbac.authorization.k8s.io';
const storages = {
  Role: `roles.${group}`,
  ClusterRole: `clusterroles.${group}`,
  bindings: `rolebindings.${group}`,
  clusterBindings: `clusterrolebindings.${group}`,
} as const;

export interface Authorizer {
  decide(user: UserInfo, attributes: AccessAttributes): Decision;
  /** Returns every rule that applies to the user in a namespace. */
  rulesOf(user: UserInfo, namespace: string | undefined): PolicyRule[];
}

export function makeAuthorizer(store: ObjectStore): Authorizer {
  return {
    decide: (user, attributes) => {
      if (user.groups.includes('system:masters')) return { allowed: true, reason: '' };
      const namespace = 'path' in attributes ? undefined : attributes.namespace;
      for (const { binding, rules } of boundRules(store, user, namespace)) {
        if (!rules.some((rule) => ruleAllows(rule, attributes))) continue;
        return { allowed: true, reason: `RBAC: allowed by ${bindingText(binding, user)}` };
      }
      return { allowed: false, reason: '' };
    },
    rulesOf: (user, namespace) =>
      user.groups.includes('system:masters')
        ? [
            { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
            { verbs: ['*'], nonResourceURLs: ['*'] },
          ]
        : boundRules(store, user, namespace).flatMap(({ rules }) => rules),
  };
}

interface BoundRules {
  readonly binding: KubeObject;
  readonly rules: readonly PolicyRule[];
}

function boundRules(store: ObjectStore, user: UserInfo, namespace: string | undefined): BoundRules[] {
  const bindings = [
    ...store.list(storages.clusterBindings).items,
    ...(namespace === undefined || namespace === '' ? [] : store.list(storages.bindings, namespace).items),
  ];
  return bindings
    .filter((binding) => subjectsOf(binding).some((subject) => isSubject(subject, user, binding)))
    .map((binding) => ({ binding, rules: rulesOfBinding(store, binding) }));
}

const subjectsOf = (binding: KubeObject): JsonObject[] => {
  const { subjects } = binding as { subjects?: unknown };
  return Array.isArray(subjects) ? subjects.filter(isObject) : [];
};

function isSubject(subject: JsonObject, user: UserInfo, binding: KubeObject): boolean {
  const { kind, name = '', namespace } = subject as { kind?: string; name?: string; namespace?: string };
  if (kind === 'User') return name === user.username;
  if (kind === 'Group') return user.groups.includes(name);
  const home = namespace ?? binding.metadata.namespace ?? '';
  return user.username === `system:serviceaccount:${home}:${name}`;
}

function rulesOfBinding(store: ObjectStore, binding: KubeObject): readonly PolicyRule[] {
  const reference = objectAt(binding, 'roleRef');
  const name = String(reference['name']);
  const role =
    reference['kind'] === 'Role'
      ? store.get(storages.Role, binding.metadata.namespace, name)
      : store.get(storages.ClusterRole, undefined, name);
  return (role as { rules?: readonly PolicyRule[] } | undefined)?.rules ?? [];
}

const includes = (list: readonly string[] | undefined, value: string): boolean =>
  list !== undefined && (list.includes('*') || list.includes(value));

/** Whether the rule allows what is asked for. */
export function ruleAllows(rule: PolicyRule, attributes: AccessAttributes): boolean {
  if (!includes(rule.verbs, attributes.verb)) return false;
  if ('path' in attributes) {
    return (rule.nonResourceURLs ?? []).some((pattern) =>
      pattern.endsWith('*') ? attributes.path.startsWith(pattern.slice(0, -1)) : attributes.path === pattern,
    );
  }
  return includes(rule.apiGroups, attributes.group) && coversResource(rule, attributes);
}

function coversResource(rule: PolicyRule, attributes: ResourceAttributes): boolean {
  const { subresource = '', resource, name = '' } = attributes;
  const resources = rule.resources ?? [];
  const wanted = subresource === '' ? resource : `${resource}/${subresource}`;
  const fits = includes(resources, wanted) || (subresource !== '' && resources.includes(`*/${subresource}`));
  const names = rule.resourceNames ?? [];
  return fits && (names.length === 0 || names.includes(name));
}

function bindingText(binding: KubeObject, user: UserInfo): string {
  const { name, namespace } = binding.metadata;
  const full = namespace === undefined ? name : `${name}/${namespace}`;
  const role = objectAt(binding, 'roleRef');
  const subject = subjectsOf(binding).find((each) => isSubject(each, user, binding)) ?? {};
  const who = `${String(subject['kind'])} "${String(subject['name'])}"`;
  return `${binding.kind} "${full}" of ${String(role['kind'])} "${String(role['name'])}" to ${who}`;
}

/** Returns the message of a refusal, as Kubernetes words it. */
export function forbiddenText(user: UserInfo, attributes: AccessAttributes): string {
  const who = `User "${user.username}" cannot ${attributes.verb}`;
  if ('path' in attributes) return `forbidden: ${who} path "${attributes.path}"`;
  const { group: apiGroup, resource, subresource = '', namespace = '', name = '' } = attributes;
  const full = subresource === '' ? resource : `${resource}/${subresource}`;
  const scope = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  const qualified = apiGroup === '' ? resource : `${resource}.${apiGroup}`;
  const object = name === '' ? qualified : `${qualified} "${name}"`;
  return `${object} is forbidden: ${who} resource "${full}" in API group "${apiGroup}" ${scope}`;
}
