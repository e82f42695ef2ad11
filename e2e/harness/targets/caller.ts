/** Owns who asks the endpoints of the journeys: a ServiceAccount that may query them, and its token. */
import type { KubeClient } from '../../../kube/client.ts';
import { makeKind, objectPath } from '../../../kube/resource.ts';
import type { KubeObject } from '../../../kube/resource.ts';
import { applyManifests } from '../../../quickstart/cluster/apply.ts';

const name = 'fairlead-journeys';
const namespace = 'default';
const serviceAccounts = makeKind('v1', 'ServiceAccount', 'serviceaccounts');
const roles = makeKind('rbac.authorization.k8s.io/v1', 'Role', 'roles');
const roleBindings = makeKind('rbac.authorization.k8s.io/v1', 'RoleBinding', 'rolebindings');
const tokenSeconds = 2 * 3_600;

const metadata = { name, namespace };
const objects: readonly (KubeObject & Record<string, unknown>)[] = [
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata,
    rules: [
      { apiGroups: ['serving.fairlead.dev'], resources: ['servingendpoints'], verbs: ['get', 'query'] },
    ],
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name },
    subjects: [{ kind: 'ServiceAccount', name, namespace }],
  },
];

/**
 * Makes the ServiceAccount and returns a token of it, good for two hours.
 *
 * @throws ApiError where the kubeconfig's user may not do so.
 */
export async function makeCaller(client: KubeClient): Promise<string> {
  await applyManifests(client, objects);
  const answer = await client.transport.request<{ status: { token: string } }>({
    method: 'POST',
    path: objectPath(serviceAccounts, { name, namespace }, 'token'),
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: tokenSeconds },
    },
  });
  return answer.status.token;
}

/** Takes away what `makeCaller` made. */
export async function removeCaller(client: KubeClient): Promise<void> {
  for (const kind of [roleBindings, roles, serviceAccounts]) await client.delete(kind, { name, namespace });
}
