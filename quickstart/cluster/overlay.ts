/** Owns how the manifests of `config/` are adapted to a cluster whose containers are local processes, without DNS. */
import { createHash } from 'node:crypto';
import { load } from 'js-yaml';
import type { ConfigMap, Deployment } from '../../kube/kinds.ts';
import type { KubeObject } from '../../kube/resource.ts';
import { AppError } from '../../platform/errors.ts';

export interface Surroundings {
  /** Of the Service `fairlead-operator`: there is no DNS to find it by its name. */
  readonly operatorIp: string;
  /** Of the Service `fairlead-gateway-direct`. */
  readonly gatewayIp: string;
  /** Of the Service `fairlead-api`. */
  readonly apiIp: string;
  readonly trackingUri: string;
  /** Where users reach the gateway. */
  readonly publicUrl: string;
  /** Where the one gateway listens on 127.0.0.1; without, gateways are pods like others, behind their Service. */
  readonly machine?: MachinePorts;
}

export interface MachinePorts {
  readonly port: number;
  readonly adminPort: number;
  readonly directPort: number;
}

const operatorName = 'fairlead-operator';
const gatewayName = 'fairlead-gateway';
const apiName = 'fairlead-api';
const configFile = 'config.yaml';

/**
 * Returns the manifests with the Deployments of Fairlead and the configurations of operator and api adapted; other objects
 * are left as they are.
 *
 * @throws AppError `MANIFEST_INVALID` for a Deployment without containers.
 */
export function adaptManifests(objects: readonly KubeObject[], surroundings: Surroundings): KubeObject[] {
  return objects.map((object) => {
    const which = `${object.kind ?? ''} ${object.metadata?.name ?? ''}`;
    if (which === `ConfigMap ${operatorName}`)
      return adaptConfig(object as ConfigMap, settingsOf(surroundings));
    if (which === `ConfigMap ${apiName}`)
      return adaptConfig(object as ConfigMap, apiSettingsOf(surroundings));
    if (which === `Deployment ${operatorName}`) return adaptOperator(object as Deployment, surroundings);
    if (which === `Deployment ${gatewayName}`) return adaptGateway(object as Deployment, surroundings);
    if (which === `Deployment ${apiName}`) return adaptApi(object as Deployment, surroundings);
    return object;
  });
}

/**
 * Containers are local processes there: their node agent says where a mounted folder really is wherever arguments or
 * environment name it, and cannot do so for a default inside a program.
 */
const mountedFolders = { FAIRLEAD_SERVICE_ACCOUNT_DIR: '/var/run/secrets/kubernetes.io/serviceaccount' };

const demandUrlOf = ({ operatorIp }: Surroundings): string => `https://${operatorIp}:8444/v1/demand`;

const settingsOf = (surroundings: Surroundings) => ({
  demandUrl: demandUrlOf(surroundings),
  mlflowTrackingUri: surroundings.trackingUri,
  publicUrl: surroundings.publicUrl,
  routeOptimized: {
    gatewayUrl: `https://${surroundings.gatewayIp}:8444`,
    // Services are served by a process without privileges, by addresses and files that change at once.
    port: 8443,
    switchDelay: '2s',
    mountDelay: '5s',
  },
});

const apiSettingsOf = ({ publicUrl }: Surroundings) => ({ publicUrl });

/** These settings are in a file: in the environment of a process, 127.0.0.1 would come to mean its own pod. */
function adaptConfig(configMap: ConfigMap, adapted: object): ConfigMap {
  const installed = load(configMap.data?.[configFile] ?? '{}') as Record<string, unknown>;
  const settings = JSON.stringify({ ...installed, ...adapted }, undefined, 2);
  return { ...configMap, data: { ...configMap.data, [configFile]: settings } };
}

function adaptOperator(deployment: Deployment, surroundings: Surroundings): Deployment {
  const { spec, pod, adapted } = opened(deployment);
  if (surroundings.machine !== undefined) spec.replicas = 1;
  noteSettings(spec, settingsOf(surroundings));
  setEnvironment(pod, mountedFolders);
  return adapted;
}

function adaptApi(deployment: Deployment, surroundings: Surroundings): Deployment {
  const { spec, pod, adapted } = opened(deployment);
  if (surroundings.machine !== undefined) spec.replicas = 1;
  noteSettings(spec, apiSettingsOf(surroundings));
  setEnvironment(pod, {
    ...mountedFolders,
    FAIRLEAD_TLS_DIR: '/etc/fairlead/tls',
    FAIRLEAD_KEYS_DIR: '/etc/fairlead/data-plane-keys',
  });
  return adapted;
}

/** Other settings, another pod. */
function noteSettings(spec: DeploymentSpec, settings: object): void {
  const version = createHash('sha256').update(JSON.stringify(settings)).digest('hex');
  const { metadata } = spec.template;
  const annotations = { ...metadata?.annotations, 'fairlead.dev/settings': version.slice(0, 16) };
  spec.template.metadata = { ...metadata, annotations };
}

function adaptGateway(deployment: Deployment, surroundings: Surroundings): Deployment {
  const { spec, pod, adapted } = opened(deployment);
  setEnvironment(pod, {
    ...mountedFolders,
    FAIRLEAD_TLS_DIR: '/etc/fairlead/tls',
    FAIRLEAD_FRONT_TLS_DIR: '/etc/fairlead/front-tls',
    FAIRLEAD_DIRECT_TLS_DIR: '/etc/fairlead/direct-tls',
    FAIRLEAD_DATA_PLANE_KEYS_FILE: '/etc/fairlead/data-plane-keys/jwks.json',
    FAIRLEAD_DEMAND_URL: demandUrlOf(surroundings),
    FAIRLEAD_API_URL: `https://${surroundings.apiIp}:8443`,
  });
  if (surroundings.machine !== undefined) putOnMachine(spec, pod, surroundings.machine);
  return adapted;
}

/** The gateway's pod gets the machine's own address: that is how a person reaches it at 127.0.0.1. */
function putOnMachine(spec: DeploymentSpec, pod: PodSpec, machine: MachinePorts): void {
  const { port, adminPort, directPort } = machine;
  spec.replicas = 1;
  // Two pods of the same address cannot listen on the same port side by side.
  spec.strategy = { type: 'Recreate' };
  pod.hostNetwork = true;
  setEnvironment(pod, {
    FAIRLEAD_HOST: '127.0.0.1',
    FAIRLEAD_PORT: String(port),
    FAIRLEAD_ADMIN_PORT: String(adminPort),
    FAIRLEAD_DIRECT_PORT: String(directPort),
    // Nothing of it leaves the machine, where its port may be somebody else's.
    FAIRLEAD_TLS: 'false',
    // Nobody has to learn that the only gateway is going.
    FAIRLEAD_DRAIN_MS: '0',
  });
  const ports: Record<string, number> = { http: port, admin: adminPort, direct: directPort };
  for (const containerPort of pod.containers.flatMap((container) => container.ports ?? [])) {
    containerPort.containerPort = ports[containerPort.name ?? ''] ?? containerPort.containerPort;
  }
}

type DeploymentSpec = NonNullable<Deployment['spec']>;
type PodSpec = NonNullable<DeploymentSpec['template']['spec']>;

/** Returns a copy to change, with the parts of it that a Deployment cannot be without. */
function opened(deployment: Deployment): { adapted: Deployment; spec: DeploymentSpec; pod: PodSpec } {
  const adapted = structuredClone(deployment);
  const { spec } = adapted;
  const pod = spec?.template.spec;
  if (spec === undefined || pod === undefined) {
    const name = deployment.metadata?.name ?? '';
    throw new AppError('MANIFEST_INVALID', `the Deployment ${name} of config/ has no pod template`);
  }
  return { adapted, spec, pod };
}

function setEnvironment(pod: PodSpec, environment: Readonly<Record<string, string>>): void {
  for (const container of pod.containers) {
    const others = (container.env ?? []).filter(({ name }) => !(name in environment));
    container.env = [...others, ...Object.entries(environment).map(([name, value]) => ({ name, value }))];
  }
}
