/** Owns the rules of Services: port defaults, and cluster IPs from a loopback range of their own. */
import { randomInt } from 'node:crypto';
import { forbiddenValue, invalidValue, requiredValue } from '../../crd/validate.ts';
import type { StatusCause } from '../../errors/api-error.ts';
import { isObject, objectAt, objectsAt, setDefault } from '../../objects/kube-object.ts';
import type { JsonObject, KubeObject } from '../../objects/kube-object.ts';
import type { Draft, Strategy, StrategyContext } from '../../resources/resource-type.ts';

const servicesStorage = 'services';

/** Cluster IPs are 127.96.0.0/16, from the eleventh address on, given at random. */
const network = '127.96';
const firstHost = 10;
const lastHost = 65_534;

export const serviceStrategy: Strategy = {
  nameRule: 'label',
  setDefaults: setServiceDefaults,
  prepareForCreate: allocateClusterIp,
  prepareForUpdate: (draft, old, context) => {
    const spec = objectAt(draft, 'spec');
    const before = objectAt(old, 'spec');
    if (spec['type'] !== 'ExternalName' && (spec['clusterIP'] ?? '') === '') {
      if (before['clusterIP'] === undefined) allocateClusterIp(draft, context);
      else Object.assign(spec, { clusterIP: before['clusterIP'], clusterIPs: before['clusterIPs'] });
    }
  },
  validate: checkService,
  validateUpdate: (next, old) => {
    const before = objectAt(old, 'spec')['clusterIP'];
    const after = objectAt(next, 'spec')['clusterIP'];
    if (before === undefined || before === '' || before === after) return [];
    const message = 'may not change once set';
    return [invalidValue(after ?? '', 'spec.clusterIPs[0]', message)];
  },
};

function setServiceDefaults(draft: Draft): void {
  const spec = (draft['spec'] ??= {}) as JsonObject;
  setDefault(spec, 'type', 'ClusterIP');
  setDefault(spec, 'sessionAffinity', 'None');
  for (const port of objectsAt(spec, 'ports')) {
    setDefault(port, 'protocol', 'TCP');
    setDefault(port, 'targetPort', port['port']);
  }
  if (spec['type'] === 'ExternalName') return;
  setDefault(spec, 'internalTrafficPolicy', 'Cluster');
  setDefault(spec, 'ipFamilies', ['IPv4']);
  setDefault(spec, 'ipFamilyPolicy', 'SingleStack');
  if (typeof spec['clusterIP'] === 'string' && spec['clusterIP'] !== '') {
    setDefault(spec, 'clusterIPs', [spec['clusterIP']]);
  }
}

function allocateClusterIp(draft: Draft, context: StrategyContext): void {
  const spec = objectAt(draft, 'spec');
  if (spec['type'] === 'ExternalName' || (spec['clusterIP'] ?? '') !== '') return;
  const taken = new Set(
    context.listAll(servicesStorage).map((service) => objectAt(service, 'spec')['clusterIP']),
  );
  // At random, as Kubernetes does: two embedded clusters on one machine would otherwise use the same ones.
  const offset = randomInt(lastHost - firstHost + 1);
  for (let tried = firstHost; tried <= lastHost; tried += 1) {
    const host = firstHost + ((tried - firstHost + offset) % (lastHost - firstHost + 1));
    const address = `${network}.${host >> 8}.${host & 255}`;
    // x.x.x.0 and x.x.x.255 are legal here, but look like networks and broadcasts to people.
    if ((host & 255) === 0 || (host & 255) === 255 || taken.has(address)) continue;
    Object.assign(spec, { clusterIP: address, clusterIPs: [address] });
    return;
  }
  throw new Error(`all cluster IPs of ${network}.0.0/16 are in use`);
}

function checkService(service: KubeObject, context: StrategyContext): StatusCause[] {
  const spec = objectAt(service, 'spec');
  const ports = objectsAt(spec, 'ports');
  const isHeadless = spec['clusterIP'] === 'None';
  const problems: StatusCause[] = [];
  if (ports.length === 0 && !isHeadless && spec['type'] !== 'ExternalName') {
    problems.push(requiredValue('spec.ports'));
  }
  ports.forEach((port, index) => {
    problems.push(...checkPort(port, `spec.ports[${index}]`, ports.length > 1));
  });
  if (isObject(spec['selector']) && spec['type'] === 'ExternalName') {
    problems.push(forbiddenValue('spec.selector', 'may not be set when `type` is ExternalName'));
  }
  return [...problems, ...checkClusterIpFree(service, context)];
}

function checkPort(port: JsonObject, path: string, needsName: boolean): StatusCause[] {
  const problems: StatusCause[] = [];
  const number = port['port'];
  if (typeof number !== 'number' || number < 1 || number > 65_535) {
    problems.push(invalidValue(number ?? 0, `${path}.port`, 'must be between 1 and 65535, inclusive'));
  }
  if (needsName && (port['name'] === undefined || port['name'] === '')) {
    problems.push(requiredValue(`${path}.name`));
  }
  return problems;
}

function checkClusterIpFree(service: KubeObject, context: StrategyContext): StatusCause[] {
  const address = objectAt(service, 'spec')['clusterIP'];
  if (typeof address !== 'string' || address === '' || address === 'None') return [];
  const other = context
    .listAll(servicesStorage)
    .find(
      (candidate) =>
        candidate.metadata.uid !== service.metadata.uid &&
        objectAt(candidate, 'spec')['clusterIP'] === address,
    );
  if (other === undefined) return [];
  const message = `failed to allocate IP ${address}: provided IP is already allocated`;
  return [invalidValue([address], 'spec.clusterIPs', message)];
}
