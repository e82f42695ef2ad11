/** Owns the two proxies that the safety suite talks to: a gateway and a sidecar, each with a model that records. */
import { startGatewayUnderTest, winePath } from '../../gateway/gateway-fixture.ts';
import type { ConnectionLimits } from '../../downstream/connection-limits.ts';
import { startSidecarUnderTest } from '../../sidecar/sidecar-fixture.ts';
import { aWineEndpoint } from '../cluster-fixture.ts';
import type { ModelServer } from '../model-server-fixture.ts';
import type { Pki } from '../pki-fixture.ts';
import type { RawTarget } from '../raw-client-fixture.ts';
import type { Wording } from './safety-case.ts';

export interface ProxyUnderAttack {
  readonly target: RawTarget;
  readonly wording: Wording;
  readonly model: ModelServer;
  stop(): Promise<void>;
}

const maxBodyBytes = 100_000;
const usualTotalMs = 60_000;

async function startSidecar(
  pki: Pki,
  limits: Partial<ConnectionLimits> = {},
  totalMs = usualTotalMs,
): Promise<ProxyUnderAttack> {
  const t = await startSidecarUnderTest(
    pki,
    (config) => ({ ...config, maxBodyBytes, timeouts: { ...config.timeouts, totalMs } }),
    { limits },
  );
  return {
    target: { address: t.sidecar.data, tls: t.gateway },
    wording: {
      path: '/invocations',
      credentials: ['x-fairlead-principal: alice', 'x-fairlead-accounted: 1'],
      maxBodyBytes,
      maxHeadBytes: 64 * 1024,
    },
    model: t.model,
    stop: () => t.stop(),
  };
}

async function startGateway(
  pki: Pki,
  limits: Partial<ConnectionLimits> = {},
  totalMs = usualTotalMs,
): Promise<ProxyUnderAttack> {
  const pod = await startSidecarUnderTest(pki);
  const config = { maxBodyBytes, authenticationTtlMs: 60_000, totalTimeoutMs: totalMs };
  const t = await startGatewayUnderTest(pki, { config, limits });
  t.cluster.setPods('team-a', 'wine-0123456789', [{ ...pod.sidecar.data, ready: true }]);
  t.cluster.setEndpoint(aWineEndpoint());
  await t.caughtUp();
  return {
    target: { address: t.gateway.address },
    wording: {
      path: winePath,
      credentials: ['Authorization: Bearer alice-token'],
      maxBodyBytes,
      maxHeadBytes: 32 * 1024,
    },
    model: pod.model,
    stop: async () => {
      await t.stop();
      await pod.stop();
    },
  };
}

/** Starts a proxy with a model behind it, with other limits than the usual ones and `totalMs` for a request in all. */
export const startUnderAttack = { gateway: startGateway, sidecar: startSidecar } as const;
