/** Owns the rules of webhook configurations: what is filled in, and what is refused before it can do harm. */
import { X509Certificate } from 'node:crypto';
import type { StatusCause } from '../errors/api-error.ts';
import { invalidValue, requiredValue, unsupportedValue } from '../crd/validate.ts';
import { isObject, objectAt, objectsAt, setDefault } from '../objects/kube-object.ts';
import type { JsonObject } from '../objects/kube-object.ts';
import type { Strategy } from '../resources/resource-type.ts';
import { compileCondition } from './match-conditions.ts';

const segment = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const threeSegments = new RegExp(String.raw`^${segment}(\.${segment}){2,}$`);

const makeStrategy = (mutating: boolean): Strategy => ({
  setDefaults: (draft) => {
    for (const webhook of objectsAt(draft, 'webhooks')) setWebhookDefaults(webhook, mutating);
  },
  validate: (object) => {
    const webhooks = objectsAt(object as unknown as JsonObject, 'webhooks');
    return webhooks.flatMap((webhook, index) => {
      const path = `webhooks[${index}]`;
      const isRepeated = webhooks.findIndex(({ name }) => name === webhook['name']) < index;
      const repeated: StatusCause = {
        reason: 'FieldValueDuplicate',
        field: `${path}.name`,
        message: `Duplicate value: ${JSON.stringify(webhook['name'])}`,
      };
      return [...(isRepeated ? [repeated] : []), ...checkWebhook(webhook, path)];
    });
  },
});

export const mutatingConfigurationStrategy = makeStrategy(true);
export const validatingConfigurationStrategy = makeStrategy(false);

function setWebhookDefaults(webhook: JsonObject, mutating: boolean): void {
  setDefault(webhook, 'failurePolicy', 'Fail');
  setDefault(webhook, 'matchPolicy', 'Equivalent');
  setDefault(webhook, 'namespaceSelector', {});
  setDefault(webhook, 'objectSelector', {});
  setDefault(webhook, 'timeoutSeconds', 10);
  if (mutating) setDefault(webhook, 'reinvocationPolicy', 'Never');
  for (const rule of objectsAt(webhook, 'rules')) setDefault(rule, 'scope', '*');
  const { service } = objectAt(webhook, 'clientConfig');
  if (isObject(service)) setDefault(service, 'port', 443);
}

function checkWebhook(webhook: JsonObject, path: string): StatusCause[] {
  const { name, timeoutSeconds } = webhook;
  const oneOf = (field: string, allowed: readonly string[]): StatusCause[] =>
    webhook[field] === undefined || allowed.some((value) => value === webhook[field])
      ? []
      : [unsupportedValue(webhook[field], `${path}.${field}`, allowed)];
  const names = typeof name === 'string' && threeSegments.test(name);
  const isTimely = typeof timeoutSeconds === 'number' && timeoutSeconds >= 1 && timeoutSeconds <= 30;
  return [
    ...(names
      ? []
      : [
          invalidValue(
            name,
            `${path}.name`,
            'should be a domain with at least three segments separated by dots',
          ),
        ]),
    ...oneOf('failurePolicy', ['Fail', 'Ignore']),
    ...oneOf('matchPolicy', ['Equivalent', 'Exact']),
    ...(webhook['sideEffects'] === undefined
      ? [requiredValue(`${path}.sideEffects`, 'must specify one of None, NoneOnDryRun')]
      : oneOf('sideEffects', ['None', 'NoneOnDryRun'])),
    ...oneOf('reinvocationPolicy', ['IfNeeded', 'Never']),
    ...(isTimely
      ? []
      : [
          invalidValue(
            timeoutSeconds,
            `${path}.timeoutSeconds`,
            'the timeout value must be between 1 and 30 seconds',
          ),
        ]),
    ...objectsAt(webhook, 'rules').flatMap((rule, index) => checkRule(rule, `${path}.rules[${index}]`)),
    ...checkClient(objectAt(webhook, 'clientConfig'), `${path}.clientConfig`),
    ...checkVersions(webhook, path),
    ...objectsAt(webhook, 'matchConditions').flatMap((condition, index) =>
      checkCondition(condition, `${path}.matchConditions[${index}]`),
    ),
  ];
}

function checkVersions(webhook: JsonObject, path: string): StatusCause[] {
  const field = `${path}.admissionReviewVersions`;
  const versions = webhook['admissionReviewVersions'];
  if (!Array.isArray(versions) || versions.length === 0) {
    return [requiredValue(field, 'must specify one of v1, v1beta1')];
  }
  if (versions.includes('v1')) return [];
  const message = versions.includes('v1beta1')
    ? 'v1beta1 alone is not spoken by the embedded cluster: add v1'
    : 'must include at least one of v1, v1beta1';
  return [invalidValue(versions, field, message)];
}

function checkRule(rule: JsonObject, path: string): StatusCause[] {
  return ['operations', 'apiGroups', 'apiVersions', 'resources']
    .filter((field) => !Array.isArray(rule[field]) || rule[field].length === 0)
    .map((field) => requiredValue(`${path}.${field}`));
}

function checkClient({ url, service, caBundle }: JsonObject, path: string): StatusCause[] {
  const problems: StatusCause[] = [];
  if ((url === undefined) === (service === undefined)) {
    problems.push(requiredValue(path, 'exactly one of url or service is required'));
  }
  if (typeof url === 'string' && !url.startsWith('https://')) {
    const message = "'https' is the only allowed URL scheme; desired format: https://host[/path]";
    problems.push(invalidValue(url.split(':', 1)[0], `${path}.url`, message));
  }
  for (const field of isObject(service) ? (['name', 'namespace'] as const) : []) {
    if (objectAt({ service }, 'service')[field] === undefined) {
      problems.push(requiredValue(`${path}.service.${field}`, `service ${field} is required`));
    }
  }
  if (typeof caBundle === 'string' && caBundle !== '' && !isCertificate(caBundle)) {
    const message = 'unable to load root certificates: unable to parse bytes as PEM block';
    problems.push(invalidValue(caBundle, `${path}.caBundle`, message));
  }
  return problems;
}

function isCertificate(base64: string): boolean {
  try {
    new X509Certificate(Buffer.from(base64, 'base64'));
    return true;
  } catch {
    // Whatever it is, it is none.
    return false;
  }
}

function checkCondition({ name, expression }: JsonObject, path: string): StatusCause[] {
  const problems = typeof name === 'string' && name !== '' ? [] : [requiredValue(`${path}.name`)];
  if (typeof expression !== 'string' || expression === '')
    return [...problems, requiredValue(`${path}.expression`)];
  const { problem } = compileCondition(expression);
  if (problem === undefined) return problems;
  return [...problems, invalidValue(expression, `${path}.expression`, `compilation failed: ${problem}`)];
}
