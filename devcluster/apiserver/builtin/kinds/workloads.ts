/** Owns the rules of Deployments, ReplicaSets and ControllerRevisions. */
import { invalidValue, requiredValue } from '../../crd/validate.ts';
import type { StatusCause } from '../../errors/api-error.ts';
import { isObject, objectAt, setDefault } from '../../objects/kube-object.ts';
import type { JsonObject, KubeObject } from '../../objects/kube-object.ts';
import { checkLabels } from '../../objects/metadata-rules.ts';
import { checkImmutable } from '../../pipeline/validate.ts';
import type { Draft, Strategy } from '../../resources/resource-type.ts';
import { parseLabelSelector, selectorText } from '../../selectors/label-selector.ts';
import type { Labels } from '../../selectors/label-selector.ts';
import { checkPodSpec, setPodSpecDefaults } from './pod-template.ts';

function setTemplateDefaults(draft: Draft): JsonObject {
  const spec = (draft['spec'] ??= {}) as JsonObject;
  setDefault(spec, 'replicas', 1);
  const template = spec['template'];
  if (isObject(template) && isObject(template['spec'])) setPodSpecDefaults(template['spec']);
  return spec;
}

export const deploymentStrategy: Strategy = {
  setDefaults: (draft) => {
    const spec = setTemplateDefaults(draft);
    setDefault(spec, 'strategy', {});
    const strategy = spec['strategy'] as JsonObject;
    setDefault(strategy, 'type', 'RollingUpdate');
    if (strategy['type'] === 'RollingUpdate') {
      setDefault(strategy, 'rollingUpdate', {});
      setDefault(strategy['rollingUpdate'] as JsonObject, 'maxUnavailable', '25%');
      setDefault(strategy['rollingUpdate'] as JsonObject, 'maxSurge', '25%');
    }
    setDefault(spec, 'revisionHistoryLimit', 10);
    setDefault(spec, 'progressDeadlineSeconds', 600);
  },
  validate: (deployment) => [...checkWorkload(deployment), ...checkRollout(objectAt(deployment, 'spec'))],
  validateUpdate: (next, old) => checkImmutable(next, old, ['spec.selector']),
};

export const replicaSetStrategy: Strategy = {
  setDefaults: (draft) => {
    setTemplateDefaults(draft);
  },
  validate: checkWorkload,
  validateUpdate: (next, old) => checkImmutable(next, old, ['spec.selector']),
};

export const controllerRevisionStrategy: Strategy = {
  validate: (revision) => ((revision as Draft)['revision'] === undefined ? [requiredValue('revision')] : []),
  validateUpdate: (next, old) => checkImmutable(next, old, ['data']),
};

function checkWorkload(workload: KubeObject): StatusCause[] {
  const spec = objectAt(workload, 'spec');
  const template = objectAt(spec, 'template');
  const replicas = Number(spec['replicas']);
  const problems = checkPodSpec(objectAt(template, 'spec'), 'spec.template.spec', ['Always']);
  if (replicas < 0) {
    problems.push(invalidValue(replicas, 'spec.replicas', 'must be greater than or equal to 0'));
  }
  return [...problems, ...checkSelector(objectAt(spec, 'selector'), objectAt(template, 'metadata'))];
}

function checkSelector(selector: JsonObject, metadata: JsonObject): StatusCause[] {
  const path = 'spec.selector';
  const labels = objectAt(metadata, 'labels') as Labels;
  if (Object.keys(selector).length === 0) {
    return [requiredValue(path), invalidValue(selector, path, 'empty selector is invalid for deployment')];
  }
  const problems = checkLabels(labels, 'spec.template.metadata.labels');
  if (!parseLabelSelector(selectorText(selector))(labels)) {
    const message = '`selector` does not match template `labels`';
    problems.push(invalidValue(labels, 'spec.template.metadata.labels', message));
  }
  return problems;
}

function checkRollout(spec: JsonObject): StatusCause[] {
  const rolling = objectAt(objectAt(spec, 'strategy'), 'rollingUpdate');
  const isZero = (value: unknown): boolean => value === 0 || value === '0%';
  if (!isZero(rolling['maxUnavailable']) || !isZero(rolling['maxSurge'])) return [];
  const message = 'may not be 0 when `maxSurge` is 0';
  return [invalidValue(rolling['maxUnavailable'], 'spec.strategy.rollingUpdate.maxUnavailable', message)];
}
