/** Owns the columns that `kubectl get` shows for built-in kinds. */
import { isObject, objectAt, objectsAt } from '../objects/kube-object.ts';
import type { JsonObject, KubeObject } from '../objects/kube-object.ts';
import type { Column } from '../resources/resource-type.ts';
import { selectorText } from '../selectors/label-selector.ts';
import { ageColumn, ageSince, nameColumn } from './columns.ts';
import { podColumns } from './pod-columns.ts';

type Read = (object: KubeObject, now: number) => unknown;

const column = (name: string, cell: Read, priority = 0): Column => ({
  name,
  type: 'string',
  description: name,
  priority,
  cell,
});
const integer = (name: string, cell: Read): Column => ({ ...column(name, cell), type: 'integer' });
const wide = (name: string, cell: Read): Column => column(name, cell, 1);

const spec = (object: KubeObject): JsonObject => objectAt(object, 'spec');
const status = (object: KubeObject): JsonObject => objectAt(object, 'status');
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);
const text = (value: unknown, otherwise = '<none>'): string =>
  typeof value === 'string' && value !== '' ? value : otherwise;
/** Numbers and texts as they are; anything else is not set. */
const amount = (value: unknown, otherwise: string): string =>
  typeof value === 'number' ? String(value) : text(value, otherwise);
const count = (value: unknown): number => (isObject(value) ? Object.keys(value).length : 0);
const field =
  (name: string): Read =>
  (object) =>
    (object as unknown as JsonObject)[name];

const templateContainers = (object: KubeObject): JsonObject[] =>
  objectsAt(objectAt(objectAt(spec(object), 'template'), 'spec'), 'containers');
const workloadColumns: readonly Column[] = [
  wide('Containers', (object) =>
    templateContainers(object)
      .map((container) => container['name'])
      .join(','),
  ),
  wide('Images', (object) =>
    templateContainers(object)
      .map((container) => container['image'])
      .join(','),
  ),
  wide('Selector', (object) => selectorText(objectAt(spec(object), 'selector'))),
];

const dataColumns = [
  integer('Data', (object) => count(field('data')(object, 0)) + count(field('binaryData')(object, 0))),
  ageColumn,
];

const roleReference: Read = (object) => {
  const reference = objectAt(object, 'roleRef');
  return `${text(reference['kind'])}/${text(reference['name'])}`;
};

const tables: Readonly<Record<string, readonly Column[]>> = {
  pods: podColumns,
  'deployments.apps': [
    column(
      'Ready',
      (object) => `${number(status(object)['readyReplicas'])}/${number(spec(object)['replicas'])}`,
    ),
    integer('Up-to-date', (object) => number(status(object)['updatedReplicas'])),
    integer('Available', (object) => number(status(object)['availableReplicas'])),
    ageColumn,
    ...workloadColumns,
  ],
  'replicasets.apps': [
    integer('Desired', (object) => number(spec(object)['replicas'])),
    integer('Current', (object) => number(status(object)['replicas'])),
    integer('Ready', (object) => number(status(object)['readyReplicas'])),
    ageColumn,
    ...workloadColumns,
  ],
  'controllerrevisions.apps': [
    column('Controller', (object) => {
      const owner = object.metadata.ownerReferences?.find((reference) => reference.controller === true);
      if (owner === undefined) return '<none>';
      const [group = ''] = owner.apiVersion.includes('/') ? owner.apiVersion.split('/') : [''];
      return `${owner.kind.toLowerCase()}${group === '' ? '' : `.${group}`}/${owner.name}`;
    }),
    integer('Revision', (object) => number(field('revision')(object, 0))),
    ageColumn,
  ],
  services: [
    column('Type', (object) => spec(object)['type']),
    column('Cluster-IP', (object) => text(spec(object)['clusterIP'])),
    column('External-IP', (object) => text(spec(object)['externalName'])),
    column('Port(s)', (object) => servicePorts(spec(object))),
    ageColumn,
    wide(
      'Selector',
      (object) =>
        selectorText({ matchLabels: objectAt(spec(object), 'selector') as Record<string, string> }) ||
        '<none>',
    ),
  ],
  resourcequotas: [
    column('Request', (object) => quotaText(status(object), (resource) => !resource.startsWith('limits.'))),
    column('Limit', (object) => quotaText(status(object), (resource) => resource.startsWith('limits.'))),
    ageColumn,
  ],
  namespaces: [column('Status', (object) => status(object)['phase']), ageColumn],
  nodes: [
    column('Status', (object) => nodeStatus(object)),
    column('Roles', (object) => nodeRoles(object)),
    ageColumn,
    column('Version', (object) => objectAt(status(object), 'nodeInfo')['kubeletVersion']),
    wide('Internal-IP', (object) =>
      text(
        objectsAt(status(object), 'addresses').find((address) => address['type'] === 'InternalIP')?.[
          'address'
        ],
      ),
    ),
  ],
  configmaps: dataColumns,
  secrets: [column('Type', (object) => field('type')(object, 0)), ...dataColumns],
  serviceaccounts: [ageColumn],
  events: [
    column('Last Seen', (object, now) => ageSince(lastSeen(object as unknown as JsonObject), now)),
    column('Type', field('type')),
    column('Reason', field('reason')),
    column('Object', (object) => eventSubject(object as unknown as JsonObject)),
    column('Message', (object) =>
      text((object as unknown as JsonObject)['message'] ?? (object as unknown as JsonObject)['note'], ''),
    ),
    wide(
      'Source',
      (object) => objectAt(object, 'source')['component'] ?? field('reportingComponent')(object, 0) ?? '',
    ),
    wide('Count', (object) => number(field('count')(object, 0)) || 1),
    wide('Name', (object) => object.metadata.name),
  ],
  'horizontalpodautoscalers.autoscaling': [
    column('Reference', (object) => {
      const target = objectAt(spec(object), 'scaleTargetRef');
      return `${text(target['kind'])}/${text(target['name'])}`;
    }),
    column('Targets', (object) => autoscalerTargets(object)),
    column('MinPods', (object) => amount(spec(object)['minReplicas'], '<unset>')),
    integer('MaxPods', (object) => number(spec(object)['maxReplicas'])),
    integer('Replicas', (object) => number(status(object)['currentReplicas'])),
    ageColumn,
  ],
  'leases.coordination.k8s.io': [
    column('Holder', (object) => text(spec(object)['holderIdentity'], '')),
    ageColumn,
  ],
  'endpointslices.discovery.k8s.io': [
    column('AddressType', field('addressType')),
    column(
      'Ports',
      (object) =>
        objectsAt(object as unknown as JsonObject, 'ports')
          .map((port) => port['port'])
          .join(',') || '<unset>',
    ),
    column(
      'Endpoints',
      (object) =>
        objectsAt(object as unknown as JsonObject, 'endpoints')
          .flatMap((endpoint) => endpoint['addresses'])
          .join(',') || '<unset>',
    ),
    ageColumn,
  ],
  'customresourcedefinitions.apiextensions.k8s.io': [
    column('Created At', (object) => object.metadata.creationTimestamp),
  ],
  'apiservices.apiregistration.k8s.io': [
    column('Service', (object) => {
      const service = objectAt(spec(object), 'service');
      return service['name'] === undefined
        ? 'Local'
        : `${text(service['namespace'])}/${text(service['name'])}`;
    }),
    column('Available', (object) => {
      const available = objectsAt(status(object), 'conditions').find(
        (condition) => condition['type'] === 'Available',
      );
      if (available === undefined) return 'Unknown';
      return available['status'] === 'True'
        ? 'True'
        : `${text(available['status'])} (${text(available['reason'])})`;
    }),
    ageColumn,
  ],
  'rolebindings.rbac.authorization.k8s.io': [column('Role', roleReference), ageColumn],
  'clusterrolebindings.rbac.authorization.k8s.io': [column('Role', roleReference), ageColumn],
  'roles.rbac.authorization.k8s.io': [column('Created At', (object) => object.metadata.creationTimestamp)],
  'clusterroles.rbac.authorization.k8s.io': [
    column('Created At', (object) => object.metadata.creationTimestamp),
  ],
  'poddisruptionbudgets.policy': [
    column('Min Available', (object) => amount(spec(object)['minAvailable'], 'N/A')),
    column('Max Unavailable', (object) => amount(spec(object)['maxUnavailable'], 'N/A')),
    integer('Allowed Disruptions', (object) => number(status(object)['disruptionsAllowed'])),
    ageColumn,
  ],
};

/** Returns the columns of a kind, by `plural.group`; name and age where it has none of its own. */
export function builtinColumns(qualifiedName: string): readonly Column[] {
  const own = tables[qualifiedName.replace(/^events\.events\.k8s\.io$/, 'events')];
  return own === tables['events'] && own !== undefined ? own : [nameColumn, ...(own ?? [ageColumn])];
}

function servicePorts(service: JsonObject): string {
  const ports = objectsAt(service, 'ports').map((port) => {
    const nodePort = port['nodePort'] === undefined ? '' : `:${number(port['nodePort'])}`;
    return `${number(port['port'])}${nodePort}/${text(port['protocol'])}`;
  });
  return ports.length === 0 ? '<none>' : ports.join(',');
}

function quotaText(told: JsonObject, picks: (resource: string) => boolean): string {
  const used = objectAt(told, 'used');
  return Object.entries(objectAt(told, 'hard'))
    .filter(([resource]) => picks(resource))
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([resource, hard]) => `${resource}: ${amount(used[resource], '0')}/${amount(hard, '0')}`)
    .join(', ');
}

function nodeStatus(node: KubeObject): string {
  const ready = objectsAt(status(node), 'conditions').find((condition) => condition['type'] === 'Ready');
  const state = ready === undefined ? 'Unknown' : ready['status'] === 'True' ? 'Ready' : 'NotReady';
  return spec(node)['unschedulable'] === true ? `${state},SchedulingDisabled` : state;
}

function nodeRoles(node: KubeObject): string {
  const prefix = 'node-role.kubernetes.io/';
  const roles = Object.keys(node.metadata.labels ?? {}).filter((label) => label.startsWith(prefix));
  return roles.map((label) => label.slice(prefix.length)).join(',') || '<none>';
}

function lastSeen(event: JsonObject): unknown {
  const series = isObject(event['series']) ? event['series']['lastObservedTime'] : undefined;
  return series ?? event['lastTimestamp'] ?? event['deprecatedLastTimestamp'] ?? event['eventTime'];
}

function eventSubject(event: JsonObject): string {
  const subject = isObject(event['involvedObject']) ? event['involvedObject'] : event['regarding'];
  return isObject(subject) ? `${text(subject['kind']).toLowerCase()}/${text(subject['name'])}` : '<unknown>';
}

function autoscalerTargets(object: KubeObject): string {
  const current = objectsAt(status(object), 'currentMetrics');
  const texts = objectsAt(spec(object), 'metrics').map((metric, index) => {
    const kind = text(metric['type']).toLowerCase();
    const target = objectAt(objectAt(metric, kind), 'target');
    const now = objectAt(objectAt(current[index] ?? {}, kind), 'current');
    const isAverage = target['averageValue'] !== undefined;
    const wanted = target['averageValue'] ?? target['value'] ?? target['averageUtilization'];
    const actual = now['averageValue'] ?? now['value'] ?? now['averageUtilization'];
    return `${amount(actual, '<unknown>')}/${amount(wanted, '<unknown>')}${isAverage ? ' (avg)' : ''}`;
  });
  return texts.join(', ') || '<none>';
}
