/** Owns the proof that every metric of the proxies is on the page that describes them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { startGatewayUnderTest } from './gateway/gateway-fixture.ts';
import { startSidecarUnderTest } from './sidecar/sidecar-fixture.ts';
import { makePki } from './testing/pki-fixture.ts';

it('every metric of gateway and sidecar is on the page about observing', async () => {
  const pki = await makePki();
  const tracing = { endpoint: 'http://127.0.0.1:1', ratio: 0 };
  const gateway = await startGatewayUnderTest(pki, { config: { tracing } });
  const sidecar = await startSidecarUnderTest(pki, (config) => ({ ...config, tracing }));
  const namesOf = async (registry: Registry): Promise<string[]> =>
    (await registry.getMetricsAsJSON()).map(({ name }) => name);
  const names = [...(await namesOf(gateway.registry)), ...(await namesOf(sidecar.registry))];
  await Promise.all([gateway.stop(), sidecar.stop()]);
  await pki.removeDirectories();
  const page = readFileSync(join(import.meta.dirname, '../docs/how-to/observe.md'), 'utf8');
  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});
