/** Owns the rules of APIService objects. */
import { invalidValue, requiredValue } from '../crd/validate.ts';
import { objectAt } from '../objects/kube-object.ts';
import type { Strategy } from '../resources/resource-type.ts';

export const apiServiceStrategy: Strategy = {
  validate: (object) => {
    const spec = objectAt(object, 'spec');
    const problems = ['version', 'groupPriorityMinimum', 'versionPriority']
      .filter((field) => spec[field] === undefined)
      .map((field) => requiredValue(`spec.${field}`));
    const { version = '', group = '' } = spec as { version?: string; group?: string };
    const expected = group === '' ? version : `${version}.${group}`;
    if (object.metadata.name !== expected) {
      const message = 'must be `spec.version+"."+spec.group`';
      problems.push(invalidValue(object.metadata.name, 'metadata.name', `${message}: "${expected}"`));
    }
    if (spec['insecureSkipTLSVerify'] === true && spec['caBundle'] !== undefined) {
      const message = 'may not be true if caBundle is present';
      problems.push(invalidValue(true, 'spec.insecureSkipTLSVerify', message));
    }
    return problems;
  },
};
