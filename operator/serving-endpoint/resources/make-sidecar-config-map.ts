/** Owns the ConfigMap from which a sidecar learns what it guards. */
import { concurrencyPerReplica } from '../../../core/scaling/scaling-rules.ts';
import type { SidecarConfig } from '../../../core/sidecar-config.ts';
import type { ConfigMap } from '../../../kube/kinds.ts';
import { endpointIdentity, serviceAccountIdentity } from '../../../platform/tls/identity.ts';
import { gatewayServiceAccount, operatorServiceAccount } from '../../certificates/system-names.ts';
import type { OperatorConfig } from '../../config/operator-config.ts';
import { demandUrlOf, gatewayUrlOf } from '../../config/operator-config.ts';
import { pathFor } from '../../serving-runtime/fill-runtime.ts';
import { blueprintMetadata } from './blueprint.ts';
import { drainMaxMs, timeoutsOf } from './request-limits.ts';
import type { Blueprint } from './blueprint.ts';
import { runtimeOf } from './make-pod-template.ts';
import { sidecarConfigFile } from './make-sidecar-container.ts';

/** Returns the ConfigMap; the sidecar takes over changes of it without a restart. */
export function makeSidecarConfigMap(blueprint: Blueprint): ConfigMap {
  return {
    metadata: blueprintMetadata(blueprint),
    data: { [sidecarConfigFile]: `${JSON.stringify(makeSidecarConfig(blueprint), null, 2)}\n` },
  };
}

/**
 * Returns what the sidecar's file says.
 *
 * @throws AppError `RUNTIME_PLACEHOLDER_UNKNOWN`.
 */
export function makeSidecarConfig(blueprint: Blueprint): SidecarConfig {
  const { endpoint, entity, name, rateLimits, config } = blueprint;
  const { sidecar, scaling } = config;
  const limit = concurrencyPerReplica(entity.workload, scaling);
  const { modelServer } = runtimeOf(blueprint);
  const { port, grpcPort, healthPath, livenessPath, metrics } = modelServer;
  return {
    endpoint: { namespace: endpoint.namespace, name: endpoint.name, uid: endpoint.uid },
    servedEntity: entity.name,
    deployment: name,
    modelServer: {
      host: '127.0.0.1',
      port,
      ...(grpcPort === undefined ? {} : { grpcPort }),
      healthPath,
      livenessPath,
      invocationsPath: pathFor(modelServer, entity.model.task) ?? modelServer.invocationsPath,
      ...(metrics === undefined ? {} : { metrics: { port: metrics.port ?? port, path: metrics.path } }),
    },
    concurrency: {
      limit,
      queue: limit * sidecar.queuePerSlot,
      queueTimeoutMs: sidecar.queueTimeout,
    },
    rateLimits: [...rateLimits],
    maxBodyBytes: sidecar.maxBodyBytes,
    timeouts: { connectMs: sidecar.connectTimeout, ...timeoutsOf(blueprint) },
    ...accessOf(blueprint),
    demand: {
      url: demandUrlOf(config),
      identity: ours(config, operatorServiceAccount),
      intervalMs: scaling.reportInterval,
    },
    drain: { quietMs: sidecar.drainQuiet, maxMs: drainMaxMs(blueprint) },
  };
}

/** Who may send requests: gateways, and on route-optimised endpoints callers with a token, and peers. */
function accessOf({ endpoint, direct, config }: Blueprint): Pick<SidecarConfig, 'peers' | 'routeOptimized'> {
  const gateway = ours(config, gatewayServiceAccount);
  if (direct === undefined) return { peers: { trustedForwarders: [gateway] } };
  const identity = endpointIdentity(config.trustDomain, endpoint.namespace, endpoint.name);
  return {
    peers: { trustedForwarders: [gateway, identity] },
    routeOptimized: {
      publicName: direct.publicName,
      identity,
      keys: [...direct.keys],
      gateway: { url: gatewayUrlOf(config), identity: gateway },
    },
  };
}

const ours = ({ trustDomain, systemNamespace }: OperatorConfig, serviceAccount: string): string =>
  serviceAccountIdentity(trustDomain, systemNamespace, serviceAccount);
