/** Owns a container's environment variables: from Services, ConfigMaps, Secrets, the pod itself and plain values. Pure. */
import { AppError } from '../../../platform/errors.ts';
import type {
  ConfigMap,
  Container,
  EnvFromSource,
  EnvVar,
  Pod,
  Secret,
} from '../../controllers/objects/kinds.ts';
import type { PodAddresses } from './downward.ts';
import { fieldValue, resourceValue } from './downward.ts';
import { expandReferences } from './expansion.ts';

/** Where ConfigMaps and Secrets of the pod's namespace are found. */
export interface Lookups {
  configMap(name: string): ConfigMap | undefined;
  secret(name: string): Secret | undefined;
}

export interface EnvironmentInput {
  readonly pod: Pod;
  readonly container: Container;
  readonly addresses: PodAddresses;
  /** What the node has to give, for resources that the container does not limit. */
  readonly allocatable: Readonly<Record<string, string>>;
  readonly lookups: Lookups;
  /** Variables by which Services are found; everything else may override them. */
  readonly serviceLinks: Readonly<Record<string, string>>;
}

const configError = (message: string): AppError =>
  new AppError('CONTAINER_CONFIG_INVALID', message, { retryable: true });

/**
 * Returns the variables in Kubernetes' order of precedence: Services, then `envFrom` in order, then `env` in order,
 * whose values may refer to what came before them.
 *
 * @throws AppError `CONTAINER_CONFIG_INVALID` in kubelet's words where a ConfigMap, Secret or key is missing.
 */
export function makeEnvironment(input: EnvironmentInput): Record<string, string> {
  const variables: Record<string, string> = { ...input.serviceLinks };
  for (const source of input.container.envFrom ?? [])
    Object.assign(variables, fromSource(source, input.lookups));
  for (const variable of input.container.env ?? []) {
    const value = valueOf(variable, input, variables);
    if (value !== undefined) variables[variable.name] = value;
  }
  return variables;
}

function fromSource(source: EnvFromSource, lookups: Lookups): Record<string, string> {
  const prefix = source.prefix ?? '';
  const entries =
    source.configMapRef === undefined ? secretEntries(source, lookups) : mapEntries(source, lookups);
  return Object.fromEntries(Object.entries(entries).map(([key, value]) => [`${prefix}${key}`, value]));
}

function mapEntries({ configMapRef }: EnvFromSource, lookups: Lookups): Record<string, string> {
  const name = configMapRef?.name ?? '';
  const configMap = lookups.configMap(name);
  if (configMap !== undefined) return configMap.data ?? {};
  if (configMapRef?.optional === true) return {};
  throw configError(`configmap "${name}" not found`);
}

function secretEntries({ secretRef }: EnvFromSource, lookups: Lookups): Record<string, string> {
  if (secretRef === undefined) return {};
  const name = secretRef.name ?? '';
  const secret = lookups.secret(name);
  if (secret === undefined) {
    if (secretRef.optional === true) return {};
    throw configError(`secret "${name}" not found`);
  }
  return Object.fromEntries(Object.entries(secret.data ?? {}).map(([key, value]) => [key, decode(value)]));
}

const decode = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');

function valueOf(
  variable: EnvVar,
  input: EnvironmentInput,
  known: Readonly<Record<string, string>>,
): string | undefined {
  const source = variable.valueFrom;
  if (source === undefined) return expandReferences(variable.value ?? '', known);
  if (source.fieldRef !== undefined) {
    return fieldValue(input.pod, input.addresses, source.fieldRef.fieldPath);
  }
  if (source.resourceFieldRef !== undefined) {
    const { containerName, ...reference } = source.resourceFieldRef;
    const named = input.pod.spec.containers.find(({ name }) => name === containerName);
    return resourceValue(named ?? input.container, input.allocatable, reference);
  }
  return keyedValue(source, input);
}

function keyedValue(
  source: NonNullable<EnvVar['valueFrom']>,
  { lookups, pod }: EnvironmentInput,
): string | undefined {
  const namespace = pod.metadata.namespace ?? '';
  const { configMapKeyRef, secretKeyRef } = source;
  if (configMapKeyRef !== undefined) {
    const configMap = lookups.configMap(configMapKeyRef.name ?? '');
    const data = configMap === undefined ? undefined : (configMap.data ?? {});
    return pickKey(configMapKeyRef, data, { kind: 'ConfigMap', namespace });
  }
  if (secretKeyRef !== undefined) {
    const secret = lookups.secret(secretKeyRef.name ?? '');
    const data = secret === undefined ? undefined : (secret.data ?? {});
    const value = pickKey(secretKeyRef, data, { kind: 'Secret', namespace });
    return value === undefined ? undefined : decode(value);
  }
  throw configError('invalid valueFrom: it names no source that this node knows');
}

/** Returns the value of a key; `data` is undefined where the object does not exist. */
function pickKey(
  reference: { readonly name?: string; readonly key: string; readonly optional?: boolean },
  data: Readonly<Record<string, string>> | undefined,
  { kind, namespace }: { readonly kind: 'ConfigMap' | 'Secret'; readonly namespace: string },
): string | undefined {
  const { name = '', key } = reference;
  const value = data?.[key];
  if (value !== undefined || reference.optional === true) return value;
  if (data === undefined) throw configError(`${kind.toLowerCase()} "${name}" not found`);
  throw configError(`couldn't find key ${key} in ${kind} ${namespace}/${name}`);
}
