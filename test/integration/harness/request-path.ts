/** Owns a whole request path in one process for tests: gateway and sidecar with the certificates that an operator makes. */
import { Registry } from 'prom-client';
import { labels } from '../../../crds/schema/api.ts';
import type { KubeClient } from '../../../kube/client.ts';
import { makeKubeClient } from '../../../kube/client.ts';
import { startInformer } from '../../../kube/informer.ts';
import { configMaps, endpointSlices, servingEndpoints } from '../../../kube/kinds.ts';
import { sidecarConfigSchema } from '../../../core/sidecar-config.ts';
import type { SidecarConfig } from '../../../core/sidecar-config.ts';
import { systemClock } from '../../../platform/clock.ts';
import { makeLogger } from '../../../platform/logging.ts';
import { watchServerCertificate, watchTlsMaterial } from '../../../platform/tls/tls-material.ts';
import { watchDataPlaneKeys } from '../../../proxy/direct/data-plane-authority.ts';
import { gatewayConfigSchema } from '../../../proxy/gateway/config.ts';
import type { GatewayConfig } from '../../../proxy/gateway/config.ts';
import { startGateway } from '../../../proxy/gateway/gateway.ts';
import type { DirectFiles, Gateway } from '../../../proxy/gateway/gateway.ts';
import { serviceIndex, serviceKeysOf } from '../../../proxy/gateway/target-directory.ts';
import { startSidecar } from '../../../proxy/sidecar/sidecar.ts';
import type { Sidecar } from '../../../proxy/sidecar/sidecar.ts';
import { settableFile } from '../../../proxy/testing/pki-fixture.ts';
import { mountSecret } from './mounted-secret.ts';
import { until } from './until.ts';
import { systemNamespace } from './world.ts';
import type { RunningOperator, World } from './world.ts';

const log = makeLogger({ process: 'test', level: 'silent' });
const namespace = 'default';

/** Starts a gateway with the rights of its ServiceAccount; with `direct`, for callers of route-optimised endpoints too. */
export async function startGatewayHere(
  world: World,
  operator: RunningOperator,
  config: Partial<GatewayConfig>,
): Promise<Gateway> {
  const files = await mountSecret(world.client, { namespace: systemNamespace, name: 'fairlead-gateway-tls' });
  const tls = await watchTlsMaterial(files.directory, log);
  const frontTls = await watchServerCertificate(files.directory, log);
  const direct = config.direct === true ? await mountDirect(world.client) : undefined;
  const client = await world.clientOf({ namespace: systemNamespace, name: 'fairlead-gateway' });
  const { transport } = client;
  const endpoints = startInformer({ transport, kind: servingEndpoints, log });
  const slices = startInformer({
    transport,
    kind: endpointSlices,
    labelSelector: 'kubernetes.io/service-name',
    indexes: { [serviceIndex]: serviceKeysOf },
    log,
  });
  const gateway = await startGateway({
    config: {
      ...gatewayConfigSchema.parse({}),
      ...{ host: '127.0.0.1', port: 0, tlsPort: 0, adminPort: 0, drainMs: 0, shutdownGraceMs: 500 },
      demandUrl: `https://${operator.host}:${operator.demandPort}/v1/demand`,
      ...config,
    },
    client: makeKubeClient(transport),
    endpoints,
    slices,
    tls,
    frontTls,
    direct: direct?.files,
    podName: 'gateway-0',
    clock: systemClock,
    registry: new Registry(),
    log,
  });
  await Promise.all([endpoints.synced, slices.synced]);
  return {
    ...gateway,
    stop: async () => {
      await gateway.stop();
      await Promise.all([endpoints.stop(), slices.stop()]);
      for (const file of [tls, frontTls]) file.stop();
      await files.stop();
      await direct?.stop();
      await transport.close();
    },
  };
}

/** What a gateway needs to stand in for sidecars. */
async function mountDirect(client: KubeClient): Promise<{ files: DirectFiles; stop(): Promise<void> }> {
  const shown = await mountSecret(client, {
    namespace: systemNamespace,
    name: 'fairlead-gateway-direct-tls',
  });
  const published = await mountSecret(client, {
    namespace: systemNamespace,
    name: 'fairlead-data-plane-keys',
  });
  const files = {
    tls: await watchTlsMaterial(shown.directory, log),
    keys: await watchDataPlaneKeys(`${published.directory}/jwks.json`, log),
  };
  return {
    files,
    stop: async () => {
      files.tls.stop();
      files.keys.stop();
      await Promise.all([shown.stop(), published.stop()]);
    },
  };
}

/** Starts the sidecar of a Deployment before a model server at `model`, and tells the cluster of its pod. */
export async function startSidecarHere(
  world: World,
  pod: {
    readonly endpoint: string;
    readonly deployment: string;
    readonly name: string;
    readonly host: string;
    readonly model: { readonly host: string; readonly port: number };
  },
): Promise<Sidecar> {
  const { client } = world;
  const files = await mountSecret(client, { namespace, name: `${pod.endpoint}-sidecar-tls` });
  const tls = await watchTlsMaterial(files.directory, log);
  const config = await followSidecarConfig(client, pod.deployment, pod.model);
  const sidecar = await startSidecar({
    data: { host: pod.host, port: 8443 },
    admin: { host: pod.host, port: 9090 },
    config: config.file,
    tls,
    fetchProgress: undefined,
    podName: pod.name,
    clock: systemClock,
    registry: new Registry(),
    log,
  });
  return {
    ...sidecar,
    stop: async () => {
      await sidecar.stop();
      await config.stop();
      tls.stop();
      await files.stop();
    },
  };
}

/** The ConfigMap as its sidecar reads it, but for where the model server is. */
async function followSidecarConfig(
  client: KubeClient,
  deployment: string,
  model: { readonly host: string; readonly port: number },
) {
  const parse = (text: string): SidecarConfig => {
    const config = sidecarConfigSchema.parse(JSON.parse(text));
    return { ...config, modelServer: { ...config.modelServer, ...model, healthPath: '/health' } };
  };
  const read = async (): Promise<string> => {
    const { data } = await client.get(configMaps, { name: deployment, namespace });
    return data?.['config.json'] ?? '';
  };
  const file = settableFile(parse(await read()));
  const informer = startInformer({
    transport: client.transport,
    kind: configMaps,
    namespace,
    labelSelector: `${labels.deployment}=${deployment}`,
    log,
  });
  informer.onChange(({ type, object }) => {
    if (type !== 'deleted') file.set(parse(object.data?.['config.json'] ?? ''));
  });
  return { file, stop: () => informer.stop() };
}

/** Says which pods a Deployment has, as the controller of EndpointSlices would. */
export async function setPods(
  client: KubeClient,
  deployment: string,
  hosts: readonly string[],
): Promise<void> {
  await client.apply(
    endpointSlices,
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: `${deployment}-0`, namespace, labels: { 'kubernetes.io/service-name': deployment } },
      addressType: 'IPv4',
      ports: [{ name: 'https', port: 8443, protocol: 'TCP' }],
      endpoints: hosts.map((host) => ({ addresses: [host], conditions: { ready: true } })),
    },
    { fieldManager: 'test' },
  );
}

/** Waits until a gateway and the way behind it answer. */
export const answers = (what: string, ask: () => Promise<number>): Promise<unknown> =>
  until(`${what} answers`, async () => (await ask()) === 200);
