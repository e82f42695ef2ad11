/** Owns the rules of names, labels, annotations and the rest of `metadata`, worded as Kubernetes words them. */
import type { StatusCause } from '../errors/api-error.ts';
import { forbiddenValue, invalidValue, requiredValue } from '../crd/validate.ts';
import type { KubeObject, ObjectMeta } from './kube-object.ts';

const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const dnsLabel = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const labelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const qualifiedNamePart = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const maxAnnotationBytes = 256 * 1024;

const subdomainMessage =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const dnsLabelMessage =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const labelValueMessage =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const qualifiedNameMessage =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

export type NameRule = 'label' | 'subdomain' | 'path-segment';

/** Returns what is wrong with a name, in words; undefined where nothing is. */
export function nameProblem(name: string, rule: NameRule): string | undefined {
  if (rule === 'path-segment') {
    return name === '.' || name === '..' || /[/%]/.test(name)
      ? "may not be '.' or '..' and may not contain '/' or '%'"
      : undefined;
  }
  const [pattern, most, message] =
    rule === 'label' ? [dnsLabel, 63, dnsLabelMessage] : [subdomain, 253, subdomainMessage];
  if (name.length > most) return `must be no more than ${most} characters`;
  return pattern.test(name) ? undefined : message;
}

/** Returns every violation in the metadata of a new state of an object. */
export function checkMetadata(object: KubeObject, rule: NameRule): StatusCause[] {
  const { metadata } = object;
  return [
    ...checkName(metadata, rule),
    ...checkLabels(metadata.labels ?? {}, 'metadata.labels'),
    ...checkAnnotations(metadata.annotations ?? {}),
    ...checkFinalizers(metadata.finalizers ?? []),
    ...checkOwners(metadata),
  ];
}

function checkName(metadata: ObjectMeta, rule: NameRule): StatusCause[] {
  if (metadata.name === '') {
    return [requiredValue('metadata.name', 'name or generateName is required')];
  }
  const problem = nameProblem(metadata.name, rule);
  return problem === undefined ? [] : [invalidValue(metadata.name, 'metadata.name', problem)];
}

/** Returns every violation in a map of labels. */
export function checkLabels(labels: Readonly<Record<string, string>>, path: string): StatusCause[] {
  return Object.entries(labels).flatMap(([key, value]) => {
    const problems: StatusCause[] = [];
    const keyProblem = qualifiedNameProblem(key);
    if (keyProblem !== undefined) problems.push(invalidValue(key, path, keyProblem));
    if (value.length > 63) {
      problems.push(invalidValue(value, path, 'must be no more than 63 bytes'));
    } else if (!labelValue.test(value)) {
      problems.push(invalidValue(value, path, labelValueMessage));
    }
    return problems;
  });
}

function checkAnnotations(annotations: Readonly<Record<string, string>>): StatusCause[] {
  const path = 'metadata.annotations';
  const problems = Object.keys(annotations).flatMap((key) => {
    const problem = qualifiedNameProblem(key.toLowerCase());
    return problem === undefined ? [] : [invalidValue(key, path, problem)];
  });
  const bytes = Object.entries(annotations).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  if (bytes <= maxAnnotationBytes) return problems;
  const message = `Too long: may not be more than ${maxAnnotationBytes} bytes`;
  return [...problems, { reason: 'FieldValueTooLong', field: path, message }];
}

function checkFinalizers(finalizers: readonly string[]): StatusCause[] {
  return finalizers.flatMap((finalizer) => {
    const problem = qualifiedNameProblem(finalizer);
    return problem === undefined ? [] : [invalidValue(finalizer, 'metadata.finalizers', problem)];
  });
}

function checkOwners(metadata: ObjectMeta): StatusCause[] {
  const path = 'metadata.ownerReferences';
  const owners = metadata.ownerReferences ?? [];
  const missing = owners.flatMap((owner, index) =>
    (['apiVersion', 'kind', 'name', 'uid'] as const)
      .filter((field) => typeof owner[field] !== 'string' || owner[field] === '')
      .map((field) => invalidValue('', `${path}[${index}].${field}`, `${field} must not be empty`)),
  );
  const controllers = owners.filter((owner) => owner.controller === true);
  if (controllers.length < 2) return missing;
  const message = 'Only one reference can have Controller set to true';
  return [...missing, invalidValue(owners, path, message)];
}

function qualifiedNameProblem(key: string): string | undefined {
  const [first = '', ...rest] = key.split('/');
  if (rest.length > 1) return `a qualified name ${qualifiedNameMessage}`;
  const name = rest[0] ?? first;
  if (name === '') return 'name part must be non-empty';
  if (name.length > 63) return 'name part must be no more than 63 bytes';
  if (!qualifiedNamePart.test(name)) return qualifiedNameMessage;
  if (rest.length === 0) return undefined;
  return nameProblem(first, 'subdomain') === undefined ? undefined : `prefix part ${subdomainMessage}`;
}

/** Returns the violations of an update of metadata that no update may make. */
export function checkMetadataUpdate(next: KubeObject, old: KubeObject): StatusCause[] {
  if (old.metadata.deletionTimestamp === undefined) return [];
  const known = old.metadata.finalizers ?? [];
  const added = (next.metadata.finalizers ?? []).filter((finalizer) => !known.includes(finalizer));
  if (added.length === 0) return [];
  const detail = `no new finalizers can be added if the object is being deleted, found new finalizers [${added.map((name) => JSON.stringify(name)).join(', ')}]`;
  return [forbiddenValue('metadata.finalizers', detail)];
}
