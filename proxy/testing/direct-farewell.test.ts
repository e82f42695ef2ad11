/** Owns the proof that a sidecar that callers come to lets go of them in order: when it drains, and when they are to come no longer. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { deployments, routeTo, startDirect } from './direct-fixture.ts';
import type { DirectUnderTest } from './direct-fixture.ts';
import { send } from './http-client-fixture.ts';
import { gatewayIdentity, makePki } from './pki-fixture.ts';
import type { Pki } from './pki-fixture.ts';

let pki: Pki;
let t: DirectUnderTest;
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());
beforeEach(async () => {
  t = await startDirect(pki);
});
afterEach(() => t.stop());

it('a sidecar that only passes a request on waits for it when it drains', async () => {
  await t.direct(routeTo('white', 100, deployments.white, t.white));
  let release: () => void = () => undefined;
  t.white.model.respond = (_request, response) => {
    release = () => response.end('{}');
  };
  const answer = t.send();
  await new Promise((resolve) => setTimeout(resolve, 200));
  let drained = false;
  const draining = t.red.sidecar.drain().then(() => (drained = true));
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(drained).toBe(false);
  release();
  expect((await answer).status).toBe(200);
  await draining;
  expect((await send({ to: t.red.sidecar.admin, path: '/readyz', method: 'GET' })).status).toBe(503);
});

it('a caller is turned away once the endpoint is no longer route-optimised, while proxies are served on', async () => {
  await t.direct(routeTo('red', 100, deployments.red, t.red));
  const { routeOptimized: _direct, ...plain } = t.red.config.current;
  t.red.config.set(plain);
  expect((await t.send()).status).toBe(403);
  const headers = { 'x-fairlead-principal': 'alice' };
  const tls = await pki.material(gatewayIdentity);
  expect((await t.send({ path: '/invocations', tls, headers })).status).toBe(200);
});
