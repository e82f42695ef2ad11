/** Owns the roles that exist from the beginning, as far as their Kubernetes namesakes are needed here. */
import type { ObjectInput } from '../objects/kube-object.ts';
import type { PolicyRule } from './rbac.ts';

const rbac = 'rbac.authorization.k8s.io';
const read = ['get', 'list', 'watch'];
const write = ['create', 'delete', 'deletecollection', 'patch', 'update'];

/** What people work with inside a namespace. */
const namespaced: Readonly<Record<string, readonly string[]>> = {
  '': ['configmaps', 'endpoints', 'events', 'pods', 'pods/log', 'pods/status', 'serviceaccounts', 'services'],
  apps: ['controllerrevisions', 'deployments', 'deployments/scale', 'replicasets', 'replicasets/scale'],
  autoscaling: ['horizontalpodautoscalers'],
  'coordination.k8s.io': ['leases'],
  'discovery.k8s.io': ['endpointslices'],
  'events.k8s.io': ['events'],
  'networking.k8s.io': ['ingresses', 'networkpolicies'],
  policy: ['poddisruptionbudgets'],
};

const rulesFor = (verbs: readonly string[]): PolicyRule[] =>
  Object.entries(namespaced).map(([group, resources]) => ({ apiGroups: [group], resources, verbs }));

const secrets = (verbs: readonly string[]): PolicyRule => ({
  apiGroups: [''],
  resources: ['secrets'],
  verbs,
});

const view = [...rulesFor(read), { apiGroups: [''], resources: ['namespaces'], verbs: read }];
const edit = [...view, ...rulesFor(write), secrets([...read, ...write])];
const roles: Readonly<Record<string, readonly PolicyRule[]>> = {
  'cluster-admin': [
    { apiGroups: ['*'], resources: ['*'], verbs: ['*'] },
    { nonResourceURLs: ['*'], verbs: ['*'] },
  ],
  view,
  edit,
  admin: [
    ...edit,
    { apiGroups: [rbac], resources: ['roles', 'rolebindings'], verbs: [...read, ...write] },
    { apiGroups: ['authorization.k8s.io'], resources: ['localsubjectaccessreviews'], verbs: ['create'] },
  ],
  'system:discovery': [
    {
      nonResourceURLs: [
        '/api',
        '/api/*',
        '/apis',
        '/apis/*',
        '/healthz',
        '/livez',
        '/openapi',
        '/openapi/*',
        '/readyz',
        '/version',
        '/version/',
      ],
      verbs: ['get'],
    },
  ],
  'system:basic-user': [
    {
      apiGroups: ['authorization.k8s.io'],
      resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
      verbs: ['create'],
    },
    { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
  ],
  'system:auth-delegator': [
    { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
    { apiGroups: ['authorization.k8s.io'], resources: ['subjectaccessreviews'], verbs: ['create'] },
  ],
  'system:service-account-issuer-discovery': [
    { nonResourceURLs: ['/.well-known/openid-configuration', '/openid/v1/jwks'], verbs: ['get'] },
  ],
};

const bindings: Readonly<Record<string, string>> = {
  'cluster-admin': 'system:masters',
  'system:discovery': 'system:authenticated',
  'system:basic-user': 'system:authenticated',
  'system:service-account-issuer-discovery': 'system:serviceaccounts',
};

/** Returns the cluster roles and bindings that a cluster starts with. */
export function makeBootstrapRoles(): ObjectInput[] {
  const labels = { 'kubernetes.io/bootstrapping': 'rbac-defaults' };
  const made: ObjectInput[] = Object.entries(roles).map(([name, rules]) => {
    const role = { apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name, labels }, rules };
    return role;
  });
  return [
    ...made,
    ...Object.entries(bindings).map(([name, subject]) => {
      const binding = {
        apiVersion: `${rbac}/v1`,
        kind: 'ClusterRoleBinding',
        metadata: { name, labels },
        roleRef: { apiGroup: rbac, kind: 'ClusterRole', name },
        subjects: [{ apiGroup: rbac, kind: 'Group', name: subject }],
      };
      return binding;
    }),
  ];
}
