/** Owns a gateway before a fake Kubernetes API, for tests. */
import { Registry } from 'prom-client';
import { makeKubeClient } from '../../kube/client.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { startInformer } from '../../kube/informer.ts';
import type { Informer } from '../../kube/informer.ts';
import type { EndpointSlice } from '../../kube/kinds.ts';
import { endpointSlices, servingEndpoints } from '../../kube/kinds.ts';
import { plainTransport, silentLog } from '../../kube/testing/plain-access.ts';
import { systemClock } from '../../platform/clock.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logging.ts';
import type { ConnectionLimits } from '../downstream/connection-limits.ts';
import type { PortCertificate } from '../downstream/tls-server.ts';
import type { WatchedFile } from '../../platform/watched-file.ts';
import { startClusterFixture } from '../testing/cluster-fixture.ts';
import type { ClusterFixture } from '../testing/cluster-fixture.ts';
import { send, until } from '../testing/http-client-fixture.ts';
import type { TestAnswer, TestCall } from '../testing/http-client-fixture.ts';
import { gatewayIdentity, settableFile } from '../testing/pki-fixture.ts';
import type { Pki, SettableFile } from '../testing/pki-fixture.ts';
import type { TlsMaterial } from '../../platform/tls/tls-material.ts';
import { gatewayConfigSchema } from './config.ts';
import type { GatewayConfig } from './config.ts';
import { startGateway } from './gateway.ts';
import type { DirectFiles, Gateway } from './gateway.ts';
import { serviceIndex, serviceKeysOf } from './target-directory.ts';

export interface GatewayUnderTest {
  readonly gateway: Gateway;
  readonly cluster: ClusterFixture;
  readonly registry: Registry;
  readonly tls: SettableFile<TlsMaterial>;
  /** A call of alice to the endpoint wine. */
  call(more?: Partial<TestCall>): TestCall;
  send(more?: Partial<TestCall>): Promise<TestAnswer>;
  /** The sum of a metric's values over its labels. */
  metric(name: string): Promise<number>;
  /** Waits until the gateway has seen the newest state of the endpoint wine and of its pods. */
  caughtUp(): Promise<void>;
  stop(): Promise<void>;
}

export const winePath = '/namespaces/team-a/serving-endpoints/wine/invocations';
export const aliceHeaders = { authorization: 'Bearer alice-token', 'content-type': 'application/json' };

const quickConfig: GatewayConfig = {
  ...gatewayConfigSchema.parse({}),
  host: '127.0.0.1',
  port: 0,
  adminPort: 0,
  demandUrl: 'https://127.0.0.1:1/v1/demand',
  // No operator divides the limits.
  limitCaution: 1,
  drainMs: 50,
  shutdownGraceMs: 500,
};

interface GatewayFixtureOptions {
  readonly config?: Partial<GatewayConfig>;
  readonly cluster?: ClusterFixture;
  readonly clock?: Clock;
  readonly log?: Logger;
  readonly limits?: Partial<ConnectionLimits>;
  readonly frontTls?: WatchedFile<PortCertificate>;
  readonly direct?: DirectFiles;
}

/** Starts a gateway; with `cluster`, beside others of the same cluster. */
export async function startGatewayUnderTest(
  pki: Pki,
  options: GatewayFixtureOptions = {},
): Promise<GatewayUnderTest> {
  const cluster = options.cluster ?? (await startClusterFixture());
  const transport = plainTransport(cluster.api.url);
  const endpoints = startInformer({ transport, kind: servingEndpoints, log: silentLog });
  const slices = startInformer({
    transport,
    kind: endpointSlices,
    indexes: { [serviceIndex]: serviceKeysOf },
    log: silentLog,
  });
  const tls = settableFile(await pki.material(gatewayIdentity));
  const registry = new Registry();
  const gateway = await startGateway({
    config: { ...quickConfig, ...options.config },
    client: makeKubeClient(transport),
    endpoints,
    slices,
    tls,
    podName: 'gateway-0',
    clock: options.clock ?? systemClock,
    registry,
    log: options.log ?? silentLog,
    limits: options.limits ?? {},
    frontTls: options.frontTls,
    direct: options.direct,
  });
  await Promise.all([endpoints.synced, slices.synced]);
  const call = (more: Partial<TestCall> = {}): TestCall => ({
    to: gateway.address,
    path: winePath,
    headers: aliceHeaders,
    body: '{"inputs":[1]}',
    ...more,
  });
  return {
    gateway,
    cluster,
    registry,
    tls,
    call,
    send: (more) => send(call(more)),
    metric: async (name) => sumOf(await registry.metrics(), name),
    caughtUp: () => caughtUp(cluster, endpoints, slices),
    stop: async () => {
      await gateway.stop();
      await Promise.all([endpoints.stop(), slices.stop()]);
      await transport.close();
      if (options.cluster === undefined) await cluster.stop();
    },
  };
}

async function caughtUp(
  cluster: ClusterFixture,
  endpoints: Informer<ServingEndpoint>,
  slices: Informer<EndpointSlice>,
): Promise<void> {
  const pods = 'team-a/wine-0123456789';
  await until(() => {
    const seen = endpoints.store.get('team-a/wine')?.metadata.resourceVersion;
    const [slice] = slices.store.byIndex(serviceIndex, pods);
    return (
      seen === cluster.versionOf('endpoint', 'team-a/wine') &&
      slice?.metadata?.resourceVersion === cluster.versionOf('pods', pods)
    );
  });
  // Follow-up work of a change (tidying, reconsidering) runs in the turn after it.
  await new Promise((resolve) => setImmediate(resolve));
}

function sumOf(metrics: string, name: string): number {
  return metrics
    .split('\n')
    .filter((line) => line.startsWith(name))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}
