/** Owns field selectors: which fields of a kind can be selected, and matching by them. */
import { badRequest } from '../errors/api-error.ts';
import type { KubeObject } from '../objects/kube-object.ts';
import { isObject } from '../objects/kube-object.ts';

export type ObjectMatcher = (object: KubeObject) => boolean;

const everyKind = ['metadata.name', 'metadata.namespace'];

/** The selectable fields beyond name and namespace, by `plural.group`, and what an absent one counts as. */
const selectable: Readonly<Record<string, readonly string[]>> = {
  'pods.': [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.nominatedNodeName',
  ],
  'events.': [
    'involvedObject.kind',
    'involvedObject.namespace',
    'involvedObject.name',
    'involvedObject.uid',
    'involvedObject.apiVersion',
    'involvedObject.resourceVersion',
    'involvedObject.fieldPath',
    'reason',
    'reportingComponent',
    'source',
    'type',
  ],
  'events.events.k8s.io': [
    'reason',
    'reportingController',
    'type',
    'regarding.kind',
    'regarding.namespace',
    'regarding.name',
    'regarding.uid',
    'regarding.apiVersion',
    'regarding.resourceVersion',
    'regarding.fieldPath',
  ],
  'namespaces.': ['status.phase'],
  'nodes.': ['spec.unschedulable'],
  'secrets.': ['type'],
  'services.': ['spec.clusterIP', 'spec.type'],
  'replicasets.apps': ['status.replicas'],
};

/**
 * Returns a matcher for `field=value,field!=value`. Custom kinds add the fields that their CRD declares selectable.
 *
 * @throws ApiError 400 where a field is not selectable for that kind.
 */
export function parseFieldSelector(
  text: string | undefined,
  resource: {
    readonly group: string;
    readonly plural: string;
    readonly selectableFields?: readonly string[];
  },
): ObjectMatcher {
  if (text === undefined || text.trim() === '') return () => true;
  const allowed = [
    ...everyKind,
    ...(selectable[`${resource.plural}.${resource.group}`] ?? []),
    ...(resource.selectableFields ?? []),
  ];
  const tests = text.split(',').map((part) => {
    const match = /^([^!=]+)(!=|==?)(.*)$/.exec(part.trim());
    const [, field = '', operator, wanted = ''] = match ?? [];
    if (match === null) throw badRequest(`invalid field selector: "${text}"`);
    if (!allowed.includes(field)) throw badRequest(`field label not supported: ${field}`);
    const path = field.split('.');
    return (object: KubeObject): boolean => (fieldText(object, path) === wanted) !== (operator === '!=');
  });
  return (object) => tests.every((test) => test(object));
}

function fieldText(object: KubeObject, path: readonly string[]): string {
  let value: unknown = object;
  for (const name of path) value = isObject(value) ? value[name] : undefined;
  // The one selectable field that is an object: Kubernetes selects events by the component of their source.
  if (isObject(value) && typeof value['component'] === 'string') return value['component'];
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : '';
}
