/** Owns the world of the operator's integration tests: the embedded API server with Fairlead installed, without nodes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ServingEndpoint, ServingEndpointManifest } from '../../../crds/schema/serving-endpoint.ts';
import { startApiServer } from '../../../devcluster/apiserver/server.ts';
import type { ApiServer } from '../../../devcluster/apiserver/server.ts';
import { makeKubeClient } from '../../../kube/client.ts';
import type { KubeClient } from '../../../kube/client.ts';
import { makeKubeMetrics } from '../../../kube/kube-metrics.ts';
import { servingEndpoints } from '../../../kube/kinds.ts';
import { KubeTransport } from '../../../kube/transport.ts';
import { startOperator } from '../../../operator/operator.ts';
import { operatorConfigSchema } from '../../../operator/config/operator-config.ts';
import { systemClock } from '../../../platform/clock.ts';
import type { Clock } from '../../../platform/clock.ts';
import { Health } from '../../../platform/health.ts';
import { makeLogger } from '../../../platform/logging.ts';
import { makeRegistry } from '../../../platform/metrics.ts';
import { applyManifests } from '../../../quickstart/cluster/apply.ts';
import { readManifests } from '../../../quickstart/cluster/manifests.ts';
import { startFaultProxy } from './fault-proxy.ts';
import type { FaultProxy } from './fault-proxy.ts';

export const systemNamespace = 'fairlead-system';

export interface RunningOperator {
  readonly health: Health;
  /** How often it has looked at an endpoint. */
  reconciles(): Promise<number>;
  readonly host: string;
  readonly demandPort: number;
  readonly metricsPort: number;
  stop(): Promise<void>;
}

export interface World {
  readonly api: ApiServer;
  /** Of the cluster's administrator, straight to the API server. */
  readonly client: KubeClient;
  /** Stands between the operators and the API server. */
  readonly proxy: FaultProxy;
  /** Starts an operator with the rights of its ServiceAccount, and nothing more. */
  startOperator(config?: Record<string, unknown>, clock?: Clock): Promise<RunningOperator>;
  apply(endpoint: ServingEndpointManifest): Promise<ServingEndpoint>;
  endpoint(name: string): Promise<ServingEndpoint>;
  /** Returns a client with the rights of a ServiceAccount; whoever asked for it closes its transport. */
  clientOf(account: { readonly namespace: string; readonly name: string }): Promise<KubeClient>;
  stop(): Promise<void>;
}

const log = makeLogger({
  process: 'test',
  level: process.env['TEST_LOG'] === undefined ? 'silent' : 'debug',
});
let operators = 0;

/** Starts the world. */
export async function startWorld(): Promise<World> {
  const stateDir = await mkdtemp(join(tmpdir(), 'fairlead-integration-'));
  const api = await startApiServer({
    stateDir,
    address: { host: '127.0.0.1', port: 0 },
    log: makeLogger({ process: 'api', level: 'silent' }),
  });
  const admin = transportOf(api.url, api.caPem, api.adminToken);
  const client = makeKubeClient(admin);
  await install(client);
  const proxy = await startFaultProxy(api.url, api.caPem);
  const running = new Set<RunningOperator>();
  return {
    api,
    client,
    proxy,
    startOperator: async (config = {}, clock = systemClock) => {
      const operator = await runOperator(api, proxy, config, clock);
      const stoppable = {
        ...operator,
        stop: async () => {
          if (running.delete(stoppable)) await operator.stop();
        },
      };
      running.add(stoppable);
      return stoppable;
    },
    apply: ({ metadata, ...endpoint }) => {
      // The server gives uid and generation; a person does not write them.
      const { name, namespace } = metadata;
      const object = { ...endpoint, metadata: { name, namespace } } as ServingEndpoint;
      return client.apply(servingEndpoints, object, { fieldManager: 'test' });
    },
    endpoint: (name) => client.get(servingEndpoints, { name, namespace: 'default' }),
    clientOf: async (account) => {
      const { token } = await api.issueServiceAccountToken(account);
      return makeKubeClient(transportOf(api.url, api.caPem, token));
    },
    stop: async () => {
      await Promise.all([...running].map((operator) => operator.stop()));
      await proxy.stop();
      await admin.close();
      await api.stop();
      await rm(stateDir, { recursive: true });
    },
  };
}

/** The CRDs and what `config/` installs, but for what needs operators behind a Service: there are no nodes to run them. */
async function install(client: KubeClient): Promise<void> {
  await applyManifests(client, readManifests('crds'));
  await applyManifests(
    client,
    readManifests('config').filter(({ kind = '' }) => !/^Deployment$|WebhookConfiguration$/.test(kind)),
  );
}

async function runOperator(
  api: ApiServer,
  proxy: FaultProxy,
  config: Record<string, unknown>,
  clock: Clock,
): Promise<RunningOperator> {
  operators += 1;
  // Each operator has an address of its own, as pods have, so that fixed ports never collide.
  const host = `127.88.${process.pid % 250}.${operators}`;
  const { token } = await api.issueServiceAccountToken({
    namespace: systemNamespace,
    name: 'fairlead-operator',
  });
  const transport = transportOf(proxy.url, undefined, token);
  const health = new Health();
  const metrics = makeKubeMetrics();
  const parsed = operatorConfigSchema.parse({
    podName: `operator-${operators}`,
    podIp: host,
    bindHost: host,
    demandUrl: `https://${host}:8444/v1/demand`,
    deadlines: { afterSwitch: '100ms' },
    ...config,
  });
  const operator = startOperator({
    config: parsed,
    transport,
    health,
    metrics,
    registry: makeRegistry(),
    clock,
    log,
    onFailure: (reason) => {
      throw new Error(`the operator would have left: ${reason}`);
    },
  });
  return {
    health,
    reconciles: async () => {
      const { values } = await metrics.reconciles.get();
      return values.reduce((sum, { value }) => sum + value, 0);
    },
    host,
    demandPort: parsed.demandPort,
    metricsPort: parsed.metricsPort,
    stop: async () => {
      await operator.stop();
      await transport.close();
    },
  };
}

function transportOf(baseUrl: string, ca: string | undefined, token: string): KubeTransport {
  const credentials = { tls: ca === undefined ? {} : { ca }, headers: { authorization: `Bearer ${token}` } };
  return new KubeTransport({
    access: {
      baseUrl,
      defaultNamespace: 'default',
      credentials: () => Promise.resolve(credentials),
      invalidate: () => undefined,
    },
    userAgent: 'integration-test',
  });
}
