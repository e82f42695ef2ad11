import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../objects/kube-object.ts';
import { ObjectStore } from '../storage/object-store.ts';
import { forbiddenText, makeAuthorizer, ruleAllows } from './rbac.ts';
import type { AccessAttributes, PolicyRule } from './rbac.ts';

const getPods: AccessAttributes = { verb: 'get', group: '', resource: 'pods', namespace: 'a', name: 'p' };

describe('a rule', () => {
  it.each<[string, PolicyRule, AccessAttributes, boolean]>([
    [
      'allows its verb on its resource',
      { verbs: ['get'], apiGroups: [''], resources: ['pods'] },
      getPods,
      true,
    ],
    [
      'allows nothing with another verb',
      { verbs: ['list'], apiGroups: [''], resources: ['pods'] },
      getPods,
      false,
    ],
    [
      'allows nothing in another group',
      { verbs: ['get'], apiGroups: ['apps'], resources: ['pods'] },
      getPods,
      false,
    ],
    ['allows all with wildcards', { verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, getPods, true],
    [
      'allows only the names that it lists',
      { verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['q'] },
      getPods,
      false,
    ],
    [
      'allows a name that it lists',
      { verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['p'] },
      getPods,
      true,
    ],
    [
      'does not allow a list by names',
      { verbs: ['list'], apiGroups: [''], resources: ['pods'], resourceNames: ['p'] },
      { verb: 'list', group: '', resource: 'pods' },
      false,
    ],
    [
      'does not allow a subresource by its resource',
      { verbs: ['get'], apiGroups: [''], resources: ['pods'] },
      { ...getPods, subresource: 'log' },
      false,
    ],
    [
      'allows a subresource by name',
      { verbs: ['get'], apiGroups: [''], resources: ['pods/log'] },
      { ...getPods, subresource: 'log' },
      true,
    ],
    [
      'allows a subresource of any resource',
      { verbs: ['get'], apiGroups: [''], resources: ['*/log'] },
      { ...getPods, subresource: 'log' },
      true,
    ],
    [
      'allows a path',
      { verbs: ['get'], nonResourceURLs: ['/metrics'] },
      { verb: 'get', path: '/metrics' },
      true,
    ],
    [
      'allows paths by prefix',
      { verbs: ['get'], nonResourceURLs: ['/apis/*'] },
      { verb: 'get', path: '/apis/apps' },
      true,
    ],
    [
      'does not allow paths by resources',
      { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
      { verb: 'get', path: '/metrics' },
      false,
    ],
  ])('%s', (_name, rule, attributes, expected) => {
    expect(ruleAllows(rule, attributes)).toBe(expected);
  });
});

describe('the authorizer', () => {
  const group = 'rbac.authorization.k8s.io';
  const store = new ObjectStore({
    onListenerError: (error) => {
      throw error;
    },
  });
  const put = (plural: string, object: object): void => {
    store.put(`${plural}.${group}`, object as KubeObject);
  };
  const meta = (name: string, namespace?: string): object => ({
    metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  });
  const rules = [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }];
  put('roles', { kind: 'Role', ...meta('reader', 'a'), rules });
  put('clusterroles', { kind: 'ClusterRole', ...meta('reader'), rules });
  put('rolebindings', {
    kind: 'RoleBinding',
    ...meta('users', 'a'),
    roleRef: { kind: 'Role', name: 'reader' },
    subjects: [
      { kind: 'User', name: 'ann' },
      { kind: 'ServiceAccount', name: 'bot' },
    ],
  });
  put('rolebindings', {
    kind: 'RoleBinding',
    ...meta('cluster-role-here', 'b'),
    roleRef: { kind: 'ClusterRole', name: 'reader' },
    subjects: [{ kind: 'User', name: 'bob' }],
  });
  put('rolebindings', {
    kind: 'RoleBinding',
    ...meta('dangling', 'b'),
    roleRef: { kind: 'Role', name: 'reader' },
    subjects: [{ kind: 'User', name: 'eve' }],
  });
  put('clusterrolebindings', {
    kind: 'ClusterRoleBinding',
    ...meta('everywhere'),
    roleRef: { kind: 'ClusterRole', name: 'reader' },
    subjects: [{ kind: 'Group', name: 'ops' }],
  });
  const authorizer = makeAuthorizer(store);

  it.each([
    ['a user by a role binding', 'ann', [], 'a', true],
    ['nobody in another namespace', 'ann', [], 'b', false],
    ['a service account of the binding’s namespace', 'system:serviceaccount:a:bot', [], 'a', true],
    ['no service account of the same name elsewhere', 'system:serviceaccount:b:bot', [], 'a', false],
    ['a user by a cluster role bound in the namespace', 'bob', [], 'b', true],
    ['nobody by a role that does not exist there', 'eve', [], 'b', false],
    ['a group everywhere', 'zoe', ['ops'], 'c', true],
    ['masters everything', 'root', ['system:masters'], 'c', true],
    ['strangers nothing', 'zoe', [], 'a', false],
  ])('allows %s', (_name, username, groups, namespace, expected) => {
    expect(authorizer.decide({ username, groups }, { ...getPods, namespace }).allowed).toBe(expected);
  });

  it('says which binding allowed it', () => {
    const { reason } = authorizer.decide({ username: 'ann', groups: [] }, getPods);
    expect(reason).toBe('RBAC: allowed by RoleBinding "users/a" of Role "reader" to User "ann"');
  });

  it.each<[AccessAttributes, string]>([
    [
      getPods,
      'pods "p" is forbidden: User "ann" cannot get resource "pods" in API group "" in the namespace "a"',
    ],
    [
      { verb: 'list', group: 'apps', resource: 'deployments' },
      'deployments.apps is forbidden: User "ann" cannot list resource "deployments" in API group "apps" at the cluster scope',
    ],
    [{ verb: 'get', path: '/metrics' }, 'forbidden: User "ann" cannot get path "/metrics"'],
  ])('words a refusal as Kubernetes does', (attributes, expected) => {
    expect(forbiddenText({ username: 'ann', groups: [] }, attributes)).toBe(expected);
  });
});
