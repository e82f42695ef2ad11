/** Owns a gateway whose endpoint is at zero, and pods for it to find, for tests of holding and waking. */
import { createServer } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import type { SidecarConfig } from '../../core/sidecar-config.ts';
import { startSidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import type { SidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import { aWineEndpoint } from '../testing/cluster-fixture.ts';
import type { ClusterFixture, FakePod } from '../testing/cluster-fixture.ts';
import type { TestAnswer } from '../testing/http-client-fixture.ts';
import { makePki, wineIdentity } from '../testing/pki-fixture.ts';
import type { Pki } from '../testing/pki-fixture.ts';
import type { GatewayConfig } from './config.ts';
import { startGatewayUnderTest } from './gateway-fixture.ts';
import type { GatewayUnderTest } from './gateway-fixture.ts';

export const deployment = 'wine-0123456789';
/** The Deployment's key in the cluster. */
export const key = `team-a/${deployment}`;

let pki: Pki;
const cleanUps: (() => Promise<void>)[] = [];

/** Registers the hooks that make the authority before the tests of a file, and stop after each what it has started. */
export function cleanUpAfterEach(): void {
  beforeAll(async () => {
    pki = await makePki();
  });
  afterAll(() => pki.removeDirectories());
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });
}

export async function startPod(
  change?: (config: SidecarConfig) => SidecarConfig,
  host = '127.0.0.1',
  port = 0,
): Promise<SidecarUnderTest> {
  const pod = await startSidecarUnderTest(pki, change, { host, port });
  cleanUps.push(() => pod.stop());
  return pod;
}

export interface RawPod extends FakePod {
  /** Requests that it has heard, as `method path`. */
  readonly heard: string[];
  /** Takes connections and cuts them at once. */
  cutConnections(): void;
  /** Is gone, as a process that was killed. */
  die(): void;
}

/** Starts what looks like a sidecar to the gateway, and does with its requests as `serve` says. */
export async function startRawPod(
  serve: (request: IncomingMessage, response: ServerResponse) => void,
  host = '127.0.0.1',
  port = 0,
): Promise<RawPod> {
  const { cert, key: privateKey, ca } = await pki.material(wineIdentity);
  const heard: string[] = [];
  const server = createServer({ cert, key: privateKey, ca, requestCert: true }, (request, response) => {
    heard.push(`${request.method ?? ''} ${request.url ?? ''}`);
    serve(request, response);
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  cleanUps.push(async () => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  });
  return {
    host,
    port: (server.address() as AddressInfo).port,
    ready: true,
    heard,
    cutConnections: () => server.prependListener('connection', (socket: Socket) => socket.destroy()),
    die: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Starts a further gateway of the same cluster. */
export async function startBeside(cluster: ClusterFixture): Promise<GatewayUnderTest> {
  const other = await startGatewayUnderTest(pki, { cluster });
  cleanUps.push(() => other.stop());
  await other.caughtUp();
  return other;
}

/** A gateway whose endpoint is at zero. */
export async function startAtZero(config: Partial<GatewayConfig> = {}): Promise<GatewayUnderTest> {
  const t = await startGatewayUnderTest(pki, { config });
  cleanUps.push(() => t.stop());
  t.cluster.scales.set(key, 0);
  t.cluster.setEndpoint(aWineEndpoint());
  await t.caughtUp();
  return t;
}

export const statusesOf = (answers: readonly TestAnswer[]): number[] => [
  ...new Set(answers.map(({ status }) => status)),
];
export const many = (t: GatewayUnderTest, count: number): Promise<TestAnswer[]> =>
  Promise.all(Array.from({ length: count }, () => t.send()));

/** A gateway and pods that are ready, at addresses of their own; `spec` changes that of the endpoint. */
export async function startWithPods(
  count: number,
  spec: Partial<ServingEndpoint['spec']> = {},
  config: Partial<GatewayConfig> = {},
): Promise<{ t: GatewayUnderTest; pods: SidecarUnderTest[] }> {
  const t = await startAtZero(config);
  t.cluster.scales.set(key, count);
  t.cluster.setEndpoint(aWineEndpoint((endpoint) => ({ ...endpoint, spec: { ...endpoint.spec, ...spec } })));
  const pods: SidecarUnderTest[] = [];
  for (let index = 0; index < count; index += 1) {
    // An EndpointSlice has one port for all its addresses.
    const pod = await startPod(undefined, `127.0.0.${index + 2}`, pods[0]?.sidecar.data.port ?? 0);
    await pod.ready();
    pods.push(pod);
  }
  t.cluster.setPods(
    'team-a',
    deployment,
    pods.map(({ sidecar }) => ({ ...sidecar.data, ready: true })),
  );
  await t.caughtUp();
  return { t, pods };
}
