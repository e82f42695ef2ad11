/** Owns a route-optimised endpoint for tests: sidecars of two entities, and a gateway that serves while one is at zero. */
import type { DirectedRoute } from '../../core/routing/directions.ts';
import { startGatewayUnderTest } from '../gateway/gateway-fixture.ts';
import type { GatewayUnderTest } from '../gateway/gateway-fixture.ts';
import { startSidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import type { SidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import { aWineEndpoint } from './cluster-fixture.ts';
import { makeDataPlaneKey } from './data-plane-token-fixture.ts';
import type { TestDataPlaneKey } from './data-plane-token-fixture.ts';
import { send, until } from './http-client-fixture.ts';
import type { TestAnswer, TestCall } from './http-client-fixture.ts';
import { gatewayIdentity, operatorIdentity, settableFile, wineIdentity } from './pki-fixture.ts';
import type { Pki } from './pki-fixture.ts';
import { startReportedTo } from './reported-to-fixture.ts';
import type { ReportedTo } from './reported-to-fixture.ts';

export const winePath = '/namespaces/team-a/serving-endpoints/wine/invocations';
export const deployments = { red: 'wine-0123456789', white: 'wine-9876543210' } as const;

export interface DirectUnderTest {
  readonly key: TestDataPlaneKey;
  readonly gateway: GatewayUnderTest;
  readonly operator: ReportedTo;
  readonly red: SidecarUnderTest;
  readonly white: SidecarUnderTest;
  /** Tells both sidecars where requests go, and waits until they know. */
  direct(...routes: DirectedRoute[]): Promise<void>;
  /** A call straight to the red sidecar, with a token, without a certificate. */
  send(more?: Partial<TestCall>): Promise<TestAnswer>;
  stop(): Promise<void>;
}

export const routeTo = (
  servedEntity: string,
  percent: number,
  deployment: string,
  ...pods: readonly SidecarUnderTest[]
): DirectedRoute => ({ servedEntity, percent, deployment, pods: pods.map(({ sidecar }) => sidecar.data) });

export async function startDirect(pki: Pki): Promise<DirectUnderTest> {
  const key = makeDataPlaneKey('one');
  const operator = await startReportedTo(pki, operatorIdentity);
  const gateway = await startGatewayUnderTest(pki, {
    config: { direct: true, directPort: 0 },
    direct: { tls: settableFile(await pki.material(gatewayIdentity)), keys: settableFile([key.publicKey]) },
  });
  gateway.cluster.setEndpoint(aWineEndpoint());
  const { host, port } = gateway.gateway.directAddress ?? { host: '', port: 0 };
  const pod = { key, gateway: `https://${host}:${port}`, operator };
  const red = await startPod(pki, pod, ['red', deployments.red]);
  const white = await startPod(pki, pod, ['white', deployments.white]);
  const tls = { ...(await pki.material(wineIdentity)), cert: '', key: '' };
  let version = 0;
  return {
    key,
    gateway,
    operator,
    red,
    white,
    direct: async (...routes) => {
      version += 1;
      const told = JSON.stringify({ directions: { version: String(version), routes } });
      operator.answer = (response) =>
        response.writeHead(200, { 'content-type': 'application/json' }).end(told);
      const knows = (deployment: string): boolean =>
        operator.reports.some(
          ({ entries: [entry], directions }) =>
            entry?.deployment === deployment && directions === String(version),
        );
      await until(() => knows(deployments.red) && knows(deployments.white));
    },
    send: (more) =>
      send({
        to: red.sidecar.data,
        path: winePath,
        tls,
        headers: { authorization: `Bearer ${key.mint()}`, 'content-type': 'application/json' },
        body: '{"inputs":[1]}',
        ...more,
      }),
    stop: async () => {
      await Promise.all([red.stop(), white.stop()]);
      await gateway.stop();
      operator.stop();
    },
  };
}

function startPod(
  pki: Pki,
  { key, gateway, operator }: { key: TestDataPlaneKey; gateway: string; operator: ReportedTo },
  [servedEntity, deployment]: readonly [string, string],
): Promise<SidecarUnderTest> {
  return startSidecarUnderTest(
    pki,
    (config) => ({
      ...config,
      servedEntity,
      deployment,
      peers: { trustedForwarders: [gatewayIdentity, wineIdentity] },
      demand: { ...config.demand, intervalMs: 100 },
      routeOptimized: {
        publicName: 'wine',
        identity: wineIdentity,
        keys: [key.publicKey],
        gateway: { url: gateway, identity: gatewayIdentity },
      },
    }),
    { demandUrl: operator.url },
  );
}
