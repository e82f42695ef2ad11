/** Owns discovery: which groups, versions and resources there are, in the old form and the aggregated one. */
import type { ResourceType } from '../resources/resource-type.ts';
import { groupVersionOf } from '../resources/resource-type.ts';

export interface RemoteGroupVersion {
  readonly group: string;
  readonly version: string;
  readonly groupPriority: number;
  /** The backend's APIResourceList; undefined while it has not answered. */
  readonly resources: readonly DiscoveredResource[] | undefined;
}

export interface DiscoveredResource {
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly group?: string;
  readonly version?: string;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

/** Returns the version list of the core group (`/api`). */
export const makeCoreVersions = (serverAddress: string): object => ({
  kind: 'APIVersions',
  versions: ['v1'],
  serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
});

interface GroupVersions {
  readonly name: string;
  readonly versions: readonly string[];
}

function groupsOf(types: readonly ResourceType[], remote: readonly RemoteGroupVersion[]): GroupVersions[] {
  const groups = new Map<string, Set<string>>();
  const all = [...types, ...remote.toSorted((a, b) => b.groupPriority - a.groupPriority)];
  for (const { group, version } of all) {
    if (group === '') continue;
    const versions = groups.get(group) ?? new Set();
    groups.set(group, versions.add(version));
  }
  return [...groups].map(([name, versions]) => ({
    name,
    versions: [...versions].sort(byVersionPriority),
  }));
}

function makeGroup({ name, versions }: GroupVersions): object {
  const entries = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: entries, preferredVersion: entries[0] };
}

/** Returns the group list (`/apis`). */
export function makeGroupList(types: readonly ResourceType[], remote: readonly RemoteGroupVersion[]): object {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groupsOf(types, remote).map(makeGroup) };
}

/** Returns one group (`/apis/<group>`); undefined where it is not served. */
export function makeSingleGroup(
  types: readonly ResourceType[],
  remote: readonly RemoteGroupVersion[],
  name: string,
): object | undefined {
  const group = groupsOf(types, remote).find((each) => each.name === name);
  return group === undefined ? undefined : { kind: 'APIGroup', apiVersion: 'v1', ...makeGroup(group) };
}

/** Returns the resources of one group version; undefined where it is not served here. */
export function makeResourceList(
  types: readonly ResourceType[],
  group: string,
  version: string,
): object | undefined {
  const own = types.filter((type) => type.group === group && type.version === version);
  const [first] = own;
  if (first === undefined) return undefined;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: groupVersionOf(first),
    resources: own.flatMap(resourcesOf),
  };
}

function resourcesOf(type: ResourceType): DiscoveredResource[] {
  const main: DiscoveredResource = {
    name: type.plural,
    singularName: type.singular,
    namespaced: type.namespaced,
    kind: type.kind,
    verbs: type.verbs,
    ...(type.shortNames.length === 0 ? {} : { shortNames: type.shortNames }),
    ...(type.categories.length === 0 ? {} : { categories: type.categories }),
  };
  const below = subresourcesOf(type).map(({ subresource, responseKind, verbs }) => ({
    name: `${type.plural}/${subresource}`,
    singularName: '',
    namespaced: type.namespaced,
    kind: responseKind.kind,
    ...(responseKind.kind === type.kind ? {} : { group: responseKind.group, version: responseKind.version }),
    verbs,
  }));
  return [main, ...below];
}

interface Subresource {
  readonly subresource: string;
  readonly responseKind: { readonly group: string; readonly version: string; readonly kind: string };
  readonly verbs: readonly string[];
}

const partVerbs = ['get', 'patch', 'update'];
const callKinds: Readonly<Record<string, Subresource['responseKind']>> = {
  eviction: { group: 'policy', version: 'v1', kind: 'Eviction' },
  token: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
};

function subresourcesOf(type: ResourceType): Subresource[] {
  const { group, version, kind } = type;
  const found: Subresource[] = [];
  if (type.hasStatus) {
    found.push({ subresource: 'status', responseKind: { group, version, kind }, verbs: partVerbs });
  }
  if (type.scale !== undefined) {
    const responseKind = { group: 'autoscaling', version: 'v1', kind: 'Scale' };
    found.push({ subresource: 'scale', responseKind, verbs: partVerbs });
  }
  for (const call of type.calls.filter((each) => servedCalls.includes(each))) {
    const responseKind = callKinds[call] ?? { group, version, kind };
    found.push({ subresource: call, responseKind, verbs: call === 'log' ? ['get'] : ['create'] });
  }
  return found;
}

const servedCalls = ['log', 'eviction', 'token'];

/** Returns the aggregated discovery (APIGroupDiscoveryList) of the core group or of all the others. */
export function makeAggregatedDiscovery(
  types: readonly ResourceType[],
  remote: readonly RemoteGroupVersion[],
  isCore: boolean,
): object {
  const groups = isCore ? [{ name: '', versions: ['v1'] }] : groupsOf(types, remote);
  const items = groups.map(({ name, versions }) => ({
    metadata: { name, creationTimestamp: null },
    versions: versions.map((version) => {
      const own = types.filter((type) => type.group === name && type.version === version);
      const away = remote.find((each) => each.group === name && each.version === version);
      const resources = [...own.map(aggregatedResource), ...(away?.resources ?? []).map(remoteResource)];
      const isKnown = own.length > 0 || away?.resources !== undefined;
      return { version, resources, freshness: isKnown ? 'Current' : 'Stale' };
    }),
  }));
  return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items };
}

const scopeOf = (type: { readonly namespaced: boolean }): string =>
  type.namespaced ? 'Namespaced' : 'Cluster';

function aggregatedResource(type: ResourceType): object {
  const { group, version, kind } = type;
  return {
    resource: type.plural,
    responseKind: { group, version, kind },
    scope: scopeOf(type),
    singularResource: type.singular,
    verbs: type.verbs,
    ...(type.shortNames.length === 0 ? {} : { shortNames: type.shortNames }),
    ...(type.categories.length === 0 ? {} : { categories: type.categories }),
    ...(subresourcesOf(type).length === 0 ? {} : { subresources: subresourcesOf(type) }),
  };
}

function remoteResource(resource: DiscoveredResource): object {
  const { name, group = '', version = '', kind, singularName, verbs } = resource;
  const responseKind = { group, version, kind };
  return { resource: name, responseKind, scope: scopeOf(resource), singularResource: singularName, verbs };
}

/** Orders versions as Kubernetes prefers them: stable before beta before alpha, newest first, others by name. */
function byVersionPriority(a: string, b: string): number {
  const parse = (version: string): [number, number, number] | undefined => {
    const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
    if (match === null) return undefined;
    const stage = match[2] === undefined ? 2 : match[2] === 'beta' ? 1 : 0;
    return [stage, Number(match[1]), Number(match[3] ?? 0)];
  };
  const left = parse(a);
  const right = parse(b);
  if (left === undefined || right === undefined) {
    return left === right ? (a < b ? -1 : 1) : left === undefined ? 1 : -1;
  }
  return right[0] - left[0] || right[1] - left[1] || right[2] - left[2];
}
