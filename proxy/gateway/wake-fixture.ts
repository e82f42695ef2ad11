/** Owns a gateway whose endpoint is at zero, and pods for it to find, for tests of holding and waking. */
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { SidecarConfig } from '../../core/sidecar-config.ts';
import { startSidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import type { SidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import { aWineEndpoint } from '../testing/cluster-fixture.ts';
import type { ClusterFixture } from '../testing/cluster-fixture.ts';
import type { TestAnswer } from '../testing/http-client-fixture.ts';
import { makePki } from '../testing/pki-fixture.ts';
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
): Promise<SidecarUnderTest> {
  const pod = await startSidecarUnderTest(pki, change, { host });
  cleanUps.push(() => pod.stop());
  return pod;
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
