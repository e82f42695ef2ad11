/** Owns the rules of the kinds that have few: namespaces, configuration, autoscalers, RBAC, slices, budgets. */
import { forbiddenValue, invalidValue, requiredValue, unsupportedValue } from '../../crd/validate.ts';
import type { StatusCause } from '../../errors/api-error.ts';
import { isObject, objectAt, objectsAt, setDefault } from '../../objects/kube-object.ts';
import type { JsonObject, KubeObject } from '../../objects/kube-object.ts';
import { parseQuantity } from '../../objects/quantity.ts';
import { checkImmutable } from '../../pipeline/validate.ts';
import type { Draft, Strategy } from '../../resources/resource-type.ts';

export const namespaceStrategy: Strategy = {
  nameRule: 'label',
  setDefaults: (draft) => {
    const labels = (draft.metadata.labels ??= {});
    labels['kubernetes.io/metadata.name'] = draft.metadata.name;
  },
  prepareForCreate: (draft) => {
    draft['spec'] = { finalizers: ['kubernetes'] };
    draft['status'] = { phase: 'Active' };
  },
  // Only the emptying of the namespace takes its finalizer away.
  prepareForUpdate: (draft, old) => {
    draft['spec'] = (old as Draft)['spec'];
  },
};

const dataKey = /^[-._a-zA-Z0-9]+$/;
const longestDataKey = 253;
const maxDataBytes = 1024 * 1024;

function checkData(object: KubeObject, fields: readonly string[]): StatusCause[] {
  const maps = fields.map((field): [string, JsonObject] => [field, objectAt(object, field)]);
  const problems = maps.flatMap(([field, map]) =>
    Object.keys(map)
      .map((key) => ({ key, problem: dataKeyProblem(key) }))
      .filter(({ problem }) => problem !== undefined)
      .map(({ key, problem = '' }) => invalidValue(key, `${field}[${key}]`, problem)),
  );
  const bytes = maps
    .flatMap(([, map]) => Object.values(map))
    .reduce<number>((sum, value) => sum + String(value).length, 0);
  if (bytes <= maxDataBytes) return problems;
  const message = `Too long: may not be more than ${maxDataBytes} bytes`;
  return [...problems, { reason: 'FieldValueTooLong', field: 'data', message }];
}

/** Keys become names of files; Kubernetes keeps those that begin with two dots for itself. */
function dataKeyProblem(key: string): string | undefined {
  if (key.length > longestDataKey) return `must be no more than ${longestDataKey} characters`;
  if (!dataKey.test(key)) {
    return `a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')`;
  }
  if (key === '.' || key === '..') return `must not be '${key}'`;
  return key.startsWith('..') ? "must not start with '..'" : undefined;
}

function checkFrozen(next: KubeObject, old: KubeObject): StatusCause[] {
  if ((old as Draft)['immutable'] !== true) return [];
  const changed = checkImmutable(next, old, ['data', 'binaryData', 'immutable']);
  return changed.map(({ field }) =>
    forbiddenValue(field ?? '', 'field is immutable when `immutable` is set'),
  );
}

export const configMapStrategy: Strategy = {
  validate: (object) => checkData(object, ['data', 'binaryData']),
  validateUpdate: checkFrozen,
};

export const secretStrategy: Strategy = {
  setDefaults: (draft) => {
    setDefault(draft, 'type', 'Opaque');
    if (!isObject(draft['stringData'])) return;
    const encoded = Object.entries(draft['stringData']).map(([key, text]) => [
      key,
      Buffer.from(String(text)).toString('base64'),
    ]);
    draft['data'] = { ...objectAt(draft, 'data'), ...Object.fromEntries(encoded) };
    delete draft['stringData'];
  },
  validate: checkSecret,
  validateUpdate: (next, old) => [...checkImmutable(next, old, ['type']), ...checkFrozen(next, old)],
};

function checkSecret(secret: KubeObject): StatusCause[] {
  const data = objectAt(secret, 'data');
  const problems = checkData(secret, ['data']);
  if ((secret as Draft)['type'] !== 'kubernetes.io/tls') return problems;
  const missing = ['tls.crt', 'tls.key'].filter((key) => data[key] === undefined);
  return [...problems, ...missing.map((key) => requiredValue(`data[${key}]`))];
}

export const autoscalerStrategy: Strategy = {
  setDefaults: (draft) => {
    const spec = (draft['spec'] ??= {}) as JsonObject;
    setDefault(spec, 'minReplicas', 1);
    const target = { type: 'Utilization', averageUtilization: 80 };
    setDefault(spec, 'metrics', [{ type: 'Resource', resource: { name: 'cpu', target } }]);
  },
  validate: (object) => {
    const spec = objectAt(object, 'spec');
    const most = Number(spec['maxReplicas'] ?? 0);
    const least = Number(spec['minReplicas']);
    const problems: StatusCause[] = [];
    if (most < 1) problems.push(invalidValue(most, 'spec.maxReplicas', 'must be greater than 0'));
    if (least < 0) {
      problems.push(invalidValue(least, 'spec.minReplicas', 'must be greater than or equal to 0'));
    }
    if (most < least) {
      problems.push(invalidValue(most, 'spec.maxReplicas', 'must be greater than or equal to `minReplicas`'));
    }
    const target = objectAt(spec, 'scaleTargetRef');
    for (const field of ['kind', 'name']) {
      if (target[field] === undefined) problems.push(requiredValue(`spec.scaleTargetRef.${field}`));
    }
    return problems;
  },
};

const addressTypes = ['IPv4', 'IPv6', 'FQDN'];

export const endpointSliceStrategy: Strategy = {
  setDefaults: (draft) => {
    for (const port of objectsAt(draft, 'ports')) {
      setDefault(port, 'name', '');
      setDefault(port, 'protocol', 'TCP');
    }
  },
  validate: (slice) => {
    const { addressType: type } = slice as { addressType?: string };
    if (type === undefined) return [requiredValue('addressType')];
    return addressTypes.includes(type) ? [] : [unsupportedValue(type, 'addressType', addressTypes)];
  },
  validateUpdate: (next, old) => checkImmutable(next, old, ['addressType']),
};

const rbacGroup = 'rbac.authorization.k8s.io';

export const roleStrategy: Strategy = {
  nameRule: 'path-segment',
  validate: (role) =>
    objectsAt(role as Draft, 'rules').flatMap((rule, index) =>
      Array.isArray(rule['verbs']) && rule['verbs'].length > 0
        ? []
        : [requiredValue(`rules[${index}].verbs`, 'verbs must contain at least one value')],
    ),
};

export const roleBindingStrategy: Strategy = {
  nameRule: 'path-segment',
  setDefaults: (draft) => {
    if (isObject(draft['roleRef'])) setDefault(draft['roleRef'], 'apiGroup', rbacGroup);
    for (const subject of objectsAt(draft, 'subjects')) {
      if (subject['kind'] !== 'ServiceAccount') setDefault(subject, 'apiGroup', rbacGroup);
    }
  },
  validate: (binding) => {
    const reference = objectAt(binding, 'roleRef');
    const isKnown = reference['kind'] === 'Role' || reference['kind'] === 'ClusterRole';
    const problems = isKnown
      ? []
      : [unsupportedValue(reference['kind'], 'roleRef.kind', ['Role', 'ClusterRole'])];
    if (reference['name'] === undefined) problems.push(requiredValue('roleRef.name'));
    return problems;
  },
  validateUpdate: (next, old) => checkImmutable(next, old, ['roleRef'], 'cannot change roleRef'),
};

export const ingressStrategy: Strategy = {
  validate: (ingress) => {
    const spec = objectAt(ingress, 'spec');
    if (spec['defaultBackend'] !== undefined || objectsAt(spec, 'rules').length > 0) return [];
    return [invalidValue(spec, 'spec', 'either `defaultBackend` or `rules` must be specified')];
  },
};

export const networkPolicyStrategy: Strategy = {
  setDefaults: (draft) => {
    const spec = (draft['spec'] ??= {}) as JsonObject;
    setDefault(spec, 'podSelector', {});
    setDefault(spec, 'policyTypes', spec['egress'] === undefined ? ['Ingress'] : ['Ingress', 'Egress']);
  },
};

export const noRules: Strategy = {};
export const pathNamed: Strategy = { nameRule: 'path-segment' };

/** Quotas of pods alone are kept; a scope would let in what the quota should refuse. */
export const resourceQuotaStrategy: Strategy = {
  validate: (quota) => {
    const spec = objectAt(quota, 'spec');
    const detail = 'scopes of quotas are not kept by the embedded cluster';
    const scopes = ['scopes', 'scopeSelector'].filter((field) => spec[field] !== undefined);
    return [
      ...scopes.map((field) => forbiddenValue(`spec.${field}`, detail)),
      ...Object.entries(objectAt(spec, 'hard')).flatMap(([resource, amount]) =>
        checkAmount(`spec.hard[${resource}]`, amount),
      ),
    ];
  },
};

function checkAmount(path: string, amount: unknown): StatusCause[] {
  try {
    const negative = parseQuantity(String(amount)) < 0n;
    return negative ? [invalidValue(amount, path, 'must be greater than or equal to 0')] : [];
  } catch {
    const pattern = `'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`;
    return [invalidValue(amount, path, `quantities must match the regular expression ${pattern}`)];
  }
}
