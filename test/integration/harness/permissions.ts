/** Owns the comparison of what a process asks of the API server with what its roles allow. */
import type { KubeObject } from '../../../kube/resource.ts';
import type { SeenRequest } from './fault-proxy.ts';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

interface Role extends KubeObject {
  readonly rules?: readonly Rule[];
}

interface Binding extends KubeObject {
  readonly roleRef: { readonly kind: string; readonly name: string };
  readonly subjects: readonly { readonly kind: string; readonly name: string }[];
}

/** `group/resource verb`, e.g. `apps/deployments/scale patch`. */
export type Permission = string;

/** Returns what the roles among `manifests` that are bound to a ServiceAccount allow; those of others are not asked. */
export function permissionsOf(manifests: readonly KubeObject[], serviceAccount: string): Set<Permission> {
  const bindings = manifests.filter(({ kind }) => kind?.endsWith('RoleBinding')) as Binding[];
  const roles = manifests.filter(({ kind }) => kind === 'Role' || kind === 'ClusterRole') as Role[];
  const rules = bindings
    .filter(({ subjects }) => subjects.some(({ name }) => name === serviceAccount))
    .flatMap(({ roleRef }) =>
      roles.filter(({ kind, metadata }) => kind === roleRef.kind && metadata?.name === roleRef.name),
    )
    .flatMap((role) => role.rules ?? []);
  const combinations = rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb) => `${group}/${resource} ${verb}`)),
    ),
  );
  return new Set(combinations);
}

const pathPattern =
  /^\/(?:api|apis\/([^/]+))\/v[0-9a-z]+(?:\/namespaces\/[^/]+(?=\/))?\/([a-z]+)(?:\/([^/]+)(?:\/([a-z]+))?)?$/;

/** Returns the permissions that requests needed, as the authorizer of an API server understands them. */
export function permissionsUsed(requests: readonly SeenRequest[]): Set<Permission> {
  return new Set(requests.flatMap(usedBy));
}

function usedBy(request: SeenRequest): Permission[] {
  const match = pathPattern.exec(request.path);
  // Discovery, which everybody may read.
  if (match === null) return [];
  const [, group = '', resource = '', name, subresource] = match;
  const what = `${group}/${subresource === undefined ? resource : `${resource}/${subresource}`}`;
  const verb = verbOf(request, name !== undefined);
  // An apply that finds nothing asks for the right to create besides.
  return verb === 'patch' && request.status === 201
    ? [`${what} patch`, `${what} create`]
    : [`${what} ${verb}`];
}

function verbOf({ method, query }: SeenRequest, isNamed: boolean): string {
  if (method === 'GET' && query.has('watch')) return 'watch';
  if (method === 'GET') return isNamed ? 'get' : 'list';
  if (method === 'DELETE' && !isNamed) return 'deletecollection';
  return { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }[method] ?? method;
}
