/** Owns what can be said of a runtime before anybody uses it: a pod for a sample model is made of it. Pure. */
import { apiVersion } from '../../crds/schema/api.ts';
import { servingEndpointSchema } from '../../crds/schema/serving-endpoint.ts';
import type { ServingRuntimeSpec } from '../../crds/schema/serving-runtime.ts';
import { pauseOf } from '../../core/scaling/pause.ts';
import { scalingRulesOf } from '../../core/scaling/scaling-rules.ts';
import type { Deployment } from '../../kube/kinds.ts';
import { AppError } from '../../platform/errors.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import type { Blueprint, ModelEntity } from '../serving-endpoint/resources/blueprint.ts';
import { modelContainerName } from '../serving-endpoint/resources/containers.ts';
import { makeDeployment } from '../serving-endpoint/resources/make-deployment.ts';
import { adminPort, dataPort, sidecarName } from '../serving-endpoint/resources/make-sidecar-container.ts';
import { makeSidecarConfig } from '../serving-endpoint/resources/make-sidecar-config-map.ts';
import type { RuntimeCandidate } from './select-runtime.ts';

export interface RuntimeCheck {
  /** What is wrong, with the remedy. */
  readonly problems: readonly string[];
  /** What is made of the runtime; undefined where nothing can be. */
  readonly sample: Deployment | undefined;
}

/** Returns what is wrong with a runtime in this cluster. */
export function checkRuntime(
  runtime: RuntimeCandidate,
  config: OperatorConfig,
  namespace: string,
): RuntimeCheck {
  const problems = [...checkPorts(runtime.spec), ...checkWorkloadTypes(runtime.spec, config)];
  try {
    const blueprint = sampleBlueprint(runtime, config, namespace);
    makeSidecarConfig(blueprint);
    const sample = makeDeployment(blueprint);
    return { problems: [...problems, ...checkContainers(sample)], sample };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { problems: [...problems, error.message], sample: undefined };
  }
}

/** The containers of a pod share their ports. */
function checkPorts({ modelServer }: ServingRuntimeSpec): string[] {
  const taken = [dataPort, adminPort];
  const ports = {
    'modelServer.port': modelServer.port,
    'modelServer.grpcPort': modelServer.grpcPort,
    'modelServer.metrics.port': modelServer.metrics?.port,
  };
  return Object.entries(ports)
    .filter(([, port]) => port !== undefined && taken.includes(port))
    .map(([field, port]) => `${field} ${port} belongs to the sidecar; have the server listen on another one`);
}

function checkWorkloadTypes({ workloadTypes = [] }: ServingRuntimeSpec, config: OperatorConfig): string[] {
  const unknown = workloadTypes.filter((type) => config.workloadTypes[type] === undefined);
  if (unknown.length === 0) return [];
  return [
    `workloadTypes names ${unknown.join(', ')}, which the operator's configuration does not know; correct them, or have them added there`,
  ];
}

function checkContainers({ spec }: Deployment): string[] {
  const pod = spec?.template.spec;
  const names = [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])].map(({ name }) => name);
  return [modelContainerName, sidecarName]
    .filter((name) => !names.includes(name))
    .map((name) => `template removes the container "${name}", without which nothing is served; leave it`);
}

function sampleBlueprint(runtime: RuntimeCandidate, config: OperatorConfig, namespace: string): Blueprint {
  const { supportedModelFormats, workloadTypes = [] } = runtime.spec;
  const [format] = supportedModelFormats;
  const type = workloadTypes.find((name) => config.workloadTypes[name] !== undefined);
  const model = { uri: 'https://example.invalid/model.tar.gz', format: { name: format?.name ?? 'mlflow' } };
  const { spec } = servingEndpointSchema.parse({
    apiVersion,
    kind: 'ServingEndpoint',
    metadata: { name: sampleName, namespace },
    spec: { servedEntities: [{ name: sampleName, model, workload: { type } }] },
  });
  const [entity] = spec.servedEntities;
  return {
    endpoint: { namespace, name: sampleName, uid: sampleName },
    entity: entity as ModelEntity,
    name: sampleName,
    configVersion: 1,
    runtime,
    hardware: config.workloadTypes[type ?? 'CPU'] ?? noHardware,
    rateLimits: [],
    timeouts: undefined,
    scaling: scalingRulesOf((entity as ModelEntity).workload, config.scaling, pauseOf(undefined)),
    direct: undefined,
    config,
  };
}

/** Of the Deployment that the API server is asked about; none is ever made. */
const sampleName = 'fairlead-runtime-check';
const noHardware = { resources: { requests: {}, limits: {} }, nodeSelector: {}, tolerations: [] };
