/** Owns defaults and rules of pod specs, in Pods and in the templates of workloads. */
import type { StatusCause } from '../../errors/api-error.ts';
import { isObject, objectsAt, setDefault } from '../../objects/kube-object.ts';
import type { JsonObject } from '../../objects/kube-object.ts';
import { nameProblem } from '../../objects/metadata-rules.ts';
import { invalidValue, requiredValue, unsupportedValue } from '../../crd/validate.ts';

const defaultFileMode = 420;

export function setPodSpecDefaults(spec: JsonObject): void {
  setDefault(spec, 'restartPolicy', 'Always');
  setDefault(spec, 'dnsPolicy', 'ClusterFirst');
  setDefault(spec, 'terminationGracePeriodSeconds', 30);
  setDefault(spec, 'securityContext', {});
  setDefault(spec, 'schedulerName', 'default-scheduler');
  if (typeof spec['serviceAccountName'] === 'string' && spec['serviceAccountName'] !== '') {
    spec['serviceAccount'] = spec['serviceAccountName'];
  }
  for (const field of ['containers', 'initContainers']) {
    for (const container of objectsAt(spec, field)) setContainerDefaults(container);
  }
  for (const volume of objectsAt(spec, 'volumes')) setVolumeDefaults(volume);
}

function setContainerDefaults(container: JsonObject): void {
  const image = typeof container['image'] === 'string' ? container['image'] : '';
  const isFloating = image.endsWith(':latest') || !/[:@][^/]*$/.test(image);
  setDefault(container, 'imagePullPolicy', isFloating ? 'Always' : 'IfNotPresent');
  setDefault(container, 'terminationMessagePath', '/dev/termination-log');
  setDefault(container, 'terminationMessagePolicy', 'File');
  setDefault(container, 'resources', {});
  for (const port of objectsAt(container, 'ports')) setDefault(port, 'protocol', 'TCP');
  for (const probe of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    if (isObject(container[probe])) setProbeDefaults(container[probe]);
  }
  if (isObject(container['lifecycle'])) {
    for (const hook of Object.values(container['lifecycle'])) if (isObject(hook)) setHandlerDefaults(hook);
  }
  for (const variable of objectsAt(container, 'env')) setVariableDefaults(variable);
}

function setVariableDefaults(variable: JsonObject): void {
  const source = variable['valueFrom'];
  if (isObject(source) && isObject(source['fieldRef'])) setDefault(source['fieldRef'], 'apiVersion', 'v1');
}

function setProbeDefaults(probe: JsonObject): void {
  setDefault(probe, 'timeoutSeconds', 1);
  setDefault(probe, 'periodSeconds', 10);
  setDefault(probe, 'successThreshold', 1);
  setDefault(probe, 'failureThreshold', 3);
  setHandlerDefaults(probe);
}

function setHandlerDefaults(handler: JsonObject): void {
  if (!isObject(handler['httpGet'])) return;
  setDefault(handler['httpGet'], 'path', '/');
  setDefault(handler['httpGet'], 'scheme', 'HTTP');
}

function setVolumeDefaults(volume: JsonObject): void {
  const sources = Object.keys(volume).filter((field) => field !== 'name');
  if (sources.length === 0) volume['emptyDir'] = {};
  for (const source of ['configMap', 'secret', 'projected', 'downwardAPI']) {
    if (isObject(volume[source])) setDefault(volume[source], 'defaultMode', defaultFileMode);
  }
}

/** Returns every violation in a pod spec; `allowedPolicies` are the restart policies of the kind around it. */
export function checkPodSpec(
  spec: JsonObject,
  path: string,
  allowedPolicies: readonly string[],
): StatusCause[] {
  const containers = objectsAt(spec, 'containers');
  const initContainers = objectsAt(spec, 'initContainers');
  const problems: StatusCause[] = containers.length === 0 ? [requiredValue(`${path}.containers`)] : [];
  if (!allowedPolicies.includes(String(spec['restartPolicy']))) {
    problems.push(unsupportedValue(spec['restartPolicy'], `${path}.restartPolicy`, allowedPolicies));
  }
  const volumes = objectsAt(spec, 'volumes').map((volume) => volume['name']);
  volumes.forEach((name, index) => {
    problems.push(...checkEntryName(name, volumes.indexOf(name) < index, `${path}.volumes[${index}]`));
  });
  const names = [...initContainers, ...containers].map((container) => container['name']);
  const lists: [string, JsonObject[], number][] = [
    ['initContainers', initContainers, 0],
    ['containers', containers, initContainers.length],
  ];
  for (const [field, list, offset] of lists) {
    list.forEach((container, index) => {
      const at = `${path}.${field}[${index}]`;
      const isTwin = names.indexOf(container['name']) < offset + index;
      problems.push(
        ...checkEntryName(container['name'], isTwin, at),
        ...checkContainer(container, at, volumes),
      );
    });
  }
  return problems;
}

function checkEntryName(name: unknown, isTwin: boolean, path: string): StatusCause[] {
  if (typeof name !== 'string' || name === '') return [requiredValue(`${path}.name`)];
  const problem = nameProblem(name, 'label');
  if (problem !== undefined) return [invalidValue(name, `${path}.name`, problem)];
  if (!isTwin) return [];
  const message = `Duplicate value: ${JSON.stringify(name)}`;
  return [{ reason: 'FieldValueDuplicate', field: `${path}.name`, message }];
}

function checkContainer(container: JsonObject, path: string, volumes: readonly unknown[]): StatusCause[] {
  const problems: StatusCause[] = [];
  if (typeof container['image'] !== 'string' || container['image'] === '') {
    problems.push(requiredValue(`${path}.image`));
  }
  objectsAt(container, 'ports').forEach((port, index) => {
    const number = port['containerPort'];
    if (typeof number !== 'number' || number < 1 || number > 65_535) {
      const message = 'must be between 1 and 65535, inclusive';
      problems.push(invalidValue(number ?? 0, `${path}.ports[${index}].containerPort`, message));
    }
  });
  objectsAt(container, 'env').forEach((variable, index) => {
    if (typeof variable['name'] !== 'string' || variable['name'] === '') {
      problems.push(requiredValue(`${path}.env[${index}].name`));
    }
  });
  objectsAt(container, 'volumeMounts').forEach((mount, index) => {
    const at = `${path}.volumeMounts[${index}]`;
    if (!volumes.includes(mount['name'])) {
      const message = `Not found: ${JSON.stringify(mount['name'])}`;
      problems.push({ reason: 'FieldValueNotFound', field: `${at}.name`, message });
    }
    if (typeof mount['mountPath'] !== 'string' || mount['mountPath'] === '') {
      problems.push(requiredValue(`${at}.mountPath`));
    }
  });
  return problems;
}

/** Returns the quality-of-service class that Kubernetes derives from requests and limits. */
export function qosClass(spec: JsonObject): 'BestEffort' | 'Burstable' | 'Guaranteed' {
  const resources = [...objectsAt(spec, 'containers'), ...objectsAt(spec, 'initContainers')].map(
    (container) => (isObject(container['resources']) ? container['resources'] : {}),
  );
  const amounts = (resource: JsonObject, field: string): JsonObject =>
    isObject(resource[field]) ? resource[field] : {};
  const isSet = (field: string): boolean =>
    resources.some((resource) => Object.keys(amounts(resource, field)).length > 0);
  if (!isSet('requests') && !isSet('limits')) return 'BestEffort';
  const isGuaranteed = resources.every((resource) =>
    ['cpu', 'memory'].every((name) => {
      const limit = amounts(resource, 'limits')[name];
      return limit !== undefined && (amounts(resource, 'requests')[name] ?? limit) === limit;
    }),
  );
  return isGuaranteed ? 'Guaranteed' : 'Burstable';
}
