/** Owns a sidecar with a model behind it, for tests. */
import { systemClock } from '../../platform/clock.ts';
import type { ListenAddress } from '../../platform/listener.ts';
import { makeLogger } from '../../platform/logging.ts';
import { Registry } from 'prom-client';
import type { SidecarConfig } from '../../core/sidecar-config.ts';
import type { ConnectionLimits } from '../downstream/connection-limits.ts';
import { startModelServer } from '../testing/model-server-fixture.ts';
import type { ModelServer } from '../testing/model-server-fixture.ts';
import { send, until } from '../testing/http-client-fixture.ts';
import type { TestAnswer, TestCall } from '../testing/http-client-fixture.ts';
import { gatewayIdentity, operatorIdentity, settableFile, wineIdentity } from '../testing/pki-fixture.ts';
import type { Pki, SettableFile } from '../testing/pki-fixture.ts';
import type { TlsMaterial } from '../../platform/tls/tls-material.ts';
import type { RowSettings } from '../rows/row-settings.ts';
import { sidecarProcessSchema } from './config.ts';
import { startSidecar } from './sidecar.ts';
import type { Sidecar } from './sidecar.ts';

export interface SidecarUnderTest {
  readonly sidecar: Sidecar;
  readonly model: ModelServer;
  readonly config: SettableFile<SidecarConfig>;
  readonly tls: SettableFile<TlsMaterial>;
  readonly gateway: TlsMaterial;
  readonly registry: Registry;
  /** A call as the gateway makes it. */
  call(more?: Partial<TestCall>): TestCall;
  send(more?: Partial<TestCall>): Promise<TestAnswer>;
  ready(): Promise<void>;
  stop(): Promise<void>;
}

function makeSidecarConfig(model: { host: string; port: number }, demandUrl: string): SidecarConfig {
  return {
    endpoint: { namespace: 'team-a', name: 'wine', uid: 'u-1' },
    servedEntity: 'wine-1',
    deployment: 'wine-0123456789',
    modelServer: {
      host: model.host,
      port: model.port,
      healthPath: '/health',
      livenessPath: '/ping',
      invocationsPath: '/invocations',
    },
    concurrency: { limit: 4, queue: 40, queueTimeoutMs: 10_000 },
    rateLimits: [],
    appliesLimits: false,
    maxBodyBytes: 16 * 1024 * 1024,
    timeouts: { connectMs: 1_000, firstByteMs: 10_000, idleMs: 10_000, totalMs: 20_000 },
    peers: { trustedForwarders: [gatewayIdentity] },
    demand: { url: demandUrl, identity: operatorIdentity, intervalMs: 200 },
    drain: { quietMs: 100, maxMs: 2_000 },
  };
}

/** What the gateway says, beside who it is. */
const gatewayCall = {
  path: '/invocations',
  headers: {
    'content-type': 'application/json',
    'x-fairlead-principal': 'alice',
    'x-fairlead-accounted': '1',
  },
  body: '{"inputs":[1]}',
} as const;

interface UnderTestOptions {
  /** Where demand is reported; by default nowhere: that is no reason for a request to fail. */
  readonly demandUrl?: string;
  readonly host?: string;
  readonly port?: number;
  /** As in a pod whose model is being fetched: nobody listens at the model's address yet, and this file says how far it is. */
  readonly fetchProgress?: string;
  readonly rows?: Partial<RowSettings>;
  readonly limits?: Partial<ConnectionLimits>;
  readonly closeGraceMs?: number;
}

/** Starts a sidecar. */
export async function startSidecarUnderTest(
  pki: Pki,
  change: (config: SidecarConfig) => SidecarConfig = (config) => config,
  options: UnderTestOptions = {},
): Promise<SidecarUnderTest> {
  const host = options.host ?? '127.0.0.1';
  const model = await startModelServer(host);
  if (options.fetchProgress !== undefined) await model.stop();
  const config = settableFile(
    change(makeSidecarConfig(model, options.demandUrl ?? 'https://127.0.0.1:1/v1/demand')),
  );
  const tls = settableFile(await pki.material(wineIdentity));
  const gateway = await pki.material(gatewayIdentity);
  const registry = new Registry();
  const sidecar = await startSidecar({
    data: { host, port: options.port ?? 0 },
    admin: { host, port: 0 },
    config,
    tls,
    fetchProgress: options.fetchProgress,
    rows: { ...sidecarProcessSchema.parse({}), ...options.rows },
    podName: 'wine-0',
    clock: systemClock,
    registry,
    log: makeLogger({ process: 'sidecar', level: 'silent' }),
    limits: options.limits ?? {},
    closeGraceMs: options.closeGraceMs,
  });
  const call = (more: Partial<TestCall> = {}): TestCall => ({
    ...gatewayCall,
    to: sidecar.data,
    tls: gateway,
    ...more,
  });
  return {
    sidecar,
    model,
    config,
    tls,
    gateway,
    registry,
    call,
    send: (more) => send(call(more)),
    ready: () => untilReady(sidecar.admin),
    stop: async () => {
      await sidecar.stop();
      await model.stop();
    },
  };
}

async function untilReady(admin: ListenAddress): Promise<void> {
  let status = 0;
  const poll = async (): Promise<void> => {
    status = (await send({ to: admin, path: '/readyz', method: 'GET' })).status;
  };
  while (status !== 200) await poll();
  await until(() => true);
}
