/** Owns the rules of Pods. */
import { isDeepStrictEqual } from 'node:util';
import { forbiddenValue } from '../../crd/validate.ts';
import type { StatusCause } from '../../errors/api-error.ts';
import { isObject, objectAt, objectsAt, setDefault } from '../../objects/kube-object.ts';
import type { JsonObject, KubeObject } from '../../objects/kube-object.ts';
import type { Strategy } from '../../resources/resource-type.ts';
import { checkPodSpec, qosClass, setPodSpecDefaults } from './pod-template.ts';

const restartPolicies = ['Always', 'OnFailure', 'Never'];

export const podStrategy: Strategy = {
  setDefaults: (draft) => {
    const spec = (draft['spec'] ??= {}) as JsonObject;
    setPodSpecDefaults(spec);
    setRequests(spec);
    setDefault(spec, 'enableServiceLinks', true);
  },
  prepareForCreate: (draft) => {
    draft['status'] = { phase: 'Pending', qosClass: qosClass(objectAt(draft, 'spec')) };
  },
  validate: (pod) => checkPodSpec(objectAt(pod, 'spec'), 'spec', restartPolicies),
  validateUpdate: checkPodUpdate,
  gracePeriodSeconds: (pod) => {
    const { spec = {}, status = {} } = pod as { spec?: JsonObject; status?: JsonObject };
    // A pod that no node has, or that has ended, needs nobody to finish with it.
    const isOver = status['phase'] === 'Succeeded' || status['phase'] === 'Failed';
    if (isOver || spec['nodeName'] === undefined || spec['nodeName'] === '') return 0;
    return Number(spec['terminationGracePeriodSeconds'] ?? 30);
  },
};

/** What a pod limits it requests, unless it says otherwise; templates keep what they say. */
function setRequests(spec: JsonObject): void {
  for (const container of [...objectsAt(spec, 'containers'), ...objectsAt(spec, 'initContainers')]) {
    const { limits } = objectAt(container, 'resources');
    if (!isObject(limits) || Object.keys(limits).length === 0) continue;
    const resources = container['resources'] as JsonObject;
    resources['requests'] = { ...limits, ...objectAt(resources, 'requests') };
  }
}

const mutableFields = ['activeDeadlineSeconds', 'terminationGracePeriodSeconds', 'tolerations'];

function checkPodUpdate(pod: KubeObject, old: KubeObject): StatusCause[] {
  const next = comparable(objectAt(pod, 'spec'));
  const before = comparable(objectAt(old, 'spec'));
  // Binding to a node is the scheduler's one change.
  if (before['nodeName'] === undefined || before['nodeName'] === '') {
    delete before['nodeName'];
    delete next['nodeName'];
  }
  if (isDeepStrictEqual(next, before)) return [];
  const detail =
    'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';
  return [forbiddenValue('spec', detail)];
}

function comparable(spec: JsonObject): JsonObject {
  const copy = structuredClone(spec);
  for (const field of mutableFields) Reflect.deleteProperty(copy, field);
  for (const container of [...objectsAt(copy, 'containers'), ...objectsAt(copy, 'initContainers')]) {
    delete container['image'];
  }
  return copy;
}
