/** Owns the rules of CustomResourceDefinitions: names, versions, structural schemas, rules that compile. */
import type { StatusCause } from '../errors/api-error.ts';
import { isObject, objectAt, objectsAt, setDefault } from '../objects/kube-object.ts';
import type { JsonObject, KubeObject } from '../objects/kube-object.ts';
import { nameProblem } from '../objects/metadata-rules.ts';
import { checkImmutable } from '../pipeline/validate.ts';
import type { Strategy } from '../resources/resource-type.ts';
import type { Schema } from '../schema/schema.ts';
import { parseJsonPath } from '../table/json-path.ts';
import { compileRules } from './cel-rules.ts';
import { checkStructural } from './structural.ts';
import { invalidValue, requiredValue, unsupportedValue } from './validate.ts';

const scopes = ['Cluster', 'Namespaced'];

export const crdStrategy: Strategy = {
  setDefaults: (draft) => {
    const spec = (draft['spec'] ??= {}) as JsonObject;
    const names = objectAt(spec, 'names');
    if (typeof names['kind'] === 'string') {
      setDefault(names, 'singular', names['kind'].toLowerCase());
      setDefault(names, 'listKind', `${names['kind']}List`);
    }
    setDefault(spec, 'conversion', { strategy: 'None' });
  },
  prepareForCreate: (draft) => {
    draft['status'] = { conditions: [], acceptedNames: { plural: '', kind: '' }, storedVersions: [] };
  },
  validate: checkDefinition,
  validateUpdate: (next, old) =>
    checkImmutable(next, old, ['spec.group', 'spec.scope', 'spec.names.plural', 'spec.names.kind']),
};

function checkDefinition(definition: KubeObject): StatusCause[] {
  const spec = objectAt(definition, 'spec');
  const names = objectAt(spec, 'names');
  const problems = [
    ...['group', 'scope', 'versions']
      .filter((field) => spec[field] === undefined)
      .map((field) => requiredValue(`spec.${field}`)),
    ...['plural', 'kind']
      .filter((field) => names[field] === undefined)
      .map((field) => requiredValue(`spec.names.${field}`)),
  ];
  if (problems.length > 0) return problems;
  const expected = `${String(names['plural'])}.${String(spec['group'])}`;
  if (definition.metadata.name !== expected) {
    const message = `must be spec.names.plural+"."+spec.group`;
    problems.push(invalidValue(definition.metadata.name, 'metadata.name', message));
  }
  if (!scopes.includes(String(spec['scope']))) {
    problems.push(unsupportedValue(spec['scope'], 'spec.scope', scopes));
  }
  const groupProblem = nameProblem(String(spec['group']), 'subdomain');
  if (groupProblem !== undefined) problems.push(invalidValue(spec['group'], 'spec.group', groupProblem));
  if (objectAt(spec, 'conversion')['strategy'] !== 'None') {
    problems.push(
      unsupportedValue(objectAt(spec, 'conversion')['strategy'], 'spec.conversion.strategy', ['None']),
    );
  }
  return [...problems, ...checkVersions(objectsAt(spec, 'versions'))];
}

function checkVersions(versions: readonly JsonObject[]): StatusCause[] {
  const stored = versions.filter((version) => version['storage'] === true).length;
  const problems: StatusCause[] = [];
  if (stored !== 1) {
    const message = 'must have exactly one version marked as storage version';
    problems.push(
      invalidValue(
        versions.map((version) => version['name']),
        'spec.versions',
        message,
      ),
    );
  }
  versions.forEach((version, index) => {
    const path = `spec.versions[${index}]`;
    const schema = objectAt(version, 'schema')['openAPIV3Schema'];
    if (!isObject(schema)) {
      problems.push(requiredValue(`${path}.schema.openAPIV3Schema`, 'schemas are required'));
      return;
    }
    const at = `${path}.schema.openAPIV3Schema`;
    problems.push(...checkStructural(schema, at), ...checkRules(schema, at));
    problems.push(...checkColumns(version, path));
  });
  return problems;
}

function checkRules(schema: Schema, path: string): StatusCause[] {
  return compileRules(schema).problems.map((problem) =>
    invalidValue(problem.rule, problem.path.replace('openAPIV3Schema', path), problem.message),
  );
}

function checkColumns(version: JsonObject, path: string): StatusCause[] {
  return objectsAt(version, 'additionalPrinterColumns').flatMap((column, index) => {
    const { jsonPath = '' } = column as { jsonPath?: string };
    const at = `${path}.additionalPrinterColumns[${index}].jsonPath`;
    if (jsonPath !== '' && parseJsonPath(jsonPath) !== undefined) return [];
    return [invalidValue(jsonPath, at, 'is not a JSONPath that columns can use')];
  });
}
