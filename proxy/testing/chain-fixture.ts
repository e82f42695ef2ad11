/** Owns the whole way of a request for tests: a gateway, a sidecar behind it, and the model behind that. */
import type { SidecarConfig } from '../../core/sidecar-config.ts';
import type { ConnectionLimits } from '../downstream/connection-limits.ts';
import type { GatewayConfig } from '../gateway/config.ts';
import { startGatewayUnderTest, winePath } from '../gateway/gateway-fixture.ts';
import type { GatewayUnderTest } from '../gateway/gateway-fixture.ts';
import { startSidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import type { SidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import { aWineEndpoint } from './cluster-fixture.ts';
import type { ModelServer } from './model-server-fixture.ts';
import type { Pki } from './pki-fixture.ts';
import { RawClient } from './raw-client-fixture.ts';

export interface Chain {
  readonly gateway: GatewayUnderTest;
  readonly pod: SidecarUnderTest;
  readonly model: ModelServer;
  /** Opens a connection to the gateway and sends a good request on it; `headers` are lines. */
  open(headers?: readonly string[], body?: string, version?: string): RawClient;
  stop(): Promise<void>;
}

export interface ChainOptions {
  readonly sidecar?: (config: SidecarConfig) => Partial<SidecarConfig>;
  readonly gateway?: Partial<GatewayConfig>;
  /** Of the gateway. */
  readonly limits?: Partial<ConnectionLimits>;
  /** Of the sidecar. */
  readonly podLimits?: Partial<ConnectionLimits>;
  readonly closeGraceMs?: number;
}

/** For tests that take their time: no deadline is to end what they do. */
export const patiently = ({ timeouts }: SidecarConfig): Partial<SidecarConfig> => ({
  timeouts: { ...timeouts, firstByteMs: 120_000, idleMs: 120_000, totalMs: 120_000 },
});

export const deployment = 'wine-0123456789';

export async function startChain(pki: Pki, options: ChainOptions = {}): Promise<Chain> {
  const pod = await startSidecarUnderTest(pki, (config) => ({ ...config, ...options.sidecar?.(config) }), {
    limits: options.podLimits ?? {},
    closeGraceMs: options.closeGraceMs ?? 10_000,
  });
  const config = { authenticationTtlMs: 60_000, ...options.gateway };
  const gateway = await startGatewayUnderTest(pki, { config, limits: options.limits ?? {} });
  gateway.cluster.setPods('team-a', deployment, [{ ...pod.sidecar.data, ready: true }]);
  gateway.cluster.setEndpoint(aWineEndpoint());
  await gateway.caughtUp();
  return {
    gateway,
    pod,
    model: pod.model,
    open: (headers = [], body = '{}', version = 'HTTP/1.1') => {
      const client = new RawClient({ address: gateway.gateway.address });
      void client.send(requestText(headers, body, version));
      return client;
    },
    stop: async () => {
      await gateway.stop();
      await pod.stop();
    },
  };
}

/** Returns a good request as alice sends it; with a framing header in `headers`, that frames it. */
function requestText(headers: readonly string[], body: string, version: string): string {
  const isFramed = headers.some((line) => /^(?:content-length|transfer-encoding|upgrade):/i.test(line));
  const lines = [
    `${headers.some((line) => /^upgrade:/i.test(line)) ? 'GET' : 'POST'} ${winePath} ${version}`,
    'Host: models.example',
    'Authorization: Bearer alice-token',
    ...headers,
    ...(isFramed ? [] : [`Content-Length: ${body.length}`]),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${isFramed ? '' : body}`;
}
