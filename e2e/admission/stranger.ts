/** Owns a user of the cluster under test with few rights: a ServiceAccount of the journey's own namespace. */
import type { KubeClient } from '../../kube/client.ts';
import { makeKubeClient } from '../../kube/client.ts';
import { loadKubeconfigAccess } from '../../kube/kubeconfig.ts';
import { makeKind, objectPath } from '../../kube/resource.ts';
import type { KubeObject } from '../../kube/resource.ts';
import { KubeTransport } from '../../kube/transport.ts';
import { clusterUnderTest } from '../harness/cluster-under-test.ts';

const rbac = 'rbac.authorization.k8s.io/v1';
const roles = makeKind<KubeObject & { rules: object[] }>(rbac, 'Role', 'roles');
const bindings = makeKind<KubeObject & { roleRef: object; subjects: object[] }>(
  rbac,
  'RoleBinding',
  'rolebindings',
);
const serviceAccounts = makeKind('v1', 'ServiceAccount', 'serviceaccounts');

interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

export interface Stranger {
  readonly username: string;
  /** Whoever asked for the stranger closes its transport. */
  readonly client: KubeClient;
  grant(role: string, rule: PolicyRule): Promise<void>;
}

/** Returns somebody who may write endpoints and runtimes in a namespace, and nothing else. */
export async function makeStranger(admin: KubeClient, namespace: string): Promise<Stranger> {
  const name = 'stranger';
  await admin.create(serviceAccounts, { metadata: { name, namespace } });
  const grant = async (role: string, rule: PolicyRule): Promise<void> => {
    const metadata = { name: role, namespace };
    await admin.create(roles, { metadata, rules: [rule] });
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: role };
    const subjects = [{ kind: 'ServiceAccount', name, namespace }];
    await admin.create(bindings, { metadata, roleRef, subjects });
  };
  await grant('write-endpoints', {
    apiGroups: ['serving.fairlead.dev'],
    resources: ['servingendpoints', 'servingruntimes'],
    verbs: ['get', 'create', 'update', 'patch'],
  });
  const access = loadKubeconfigAccess(clusterUnderTest().kubeconfig);
  const token = await tokenOf(admin, namespace, name);
  const { cert: _cert, key: _key, passphrase: _passphrase, ...tls } = (await access.credentials()).tls;
  const credentials = { tls, headers: { authorization: `Bearer ${token}` } };
  const transport = new KubeTransport({
    access: { ...access, credentials: () => Promise.resolve(credentials) },
    userAgent: 'fairlead-e2e-stranger',
  });
  return {
    username: `system:serviceaccount:${namespace}:${name}`,
    client: makeKubeClient(transport),
    grant,
  };
}

async function tokenOf(admin: KubeClient, namespace: string, name: string): Promise<string> {
  const answer = await admin.transport.request<{ status: { token: string } }>({
    method: 'POST',
    path: objectPath(serviceAccounts, { name, namespace }, 'token'),
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} },
  });
  return answer.status.token;
}
