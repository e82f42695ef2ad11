import { expect, it, onTestFinished } from 'vitest';
import { StoreBook } from '../core/quota/store-book.ts';
import type { ServingEndpoint, ServingEndpointSpec } from '../crds/schema/serving-endpoint.ts';
import { Store } from '../kube/store.ts';
import { silentLog } from '../kube/testing/plain-access.ts';
import { systemClock } from '../platform/clock.ts';
import { anEndpoint } from '../test/support/an-endpoint.ts';
import { startFollowingLimitStore } from './follow-limit-store.ts';

const rateLimits: ServingEndpointSpec['rateLimits'] = [
  { key: 'endpoint', calls: 1, renewalPeriod: 'minute' },
];
const endpoint = (name: string, spec: Partial<ServingEndpointSpec>): ServingEndpoint =>
  anEndpoint(name).servingModel('models:/iris/1').withSpec(spec).build();

it('has those endpoints looked at whose limits are counted in the store, once for each change', async () => {
  const limitStore = new StoreBook({ settleMs: 0, restMs: 0, expiryMs: 60_000 });
  const endpoints = new Store<ServingEndpoint>();
  endpoints.replace([
    endpoint('limited', { rateLimits }),
    endpoint('unlimited', {}),
    endpoint('direct', { rateLimits, routeOptimized: true }),
  ]);
  const looks: string[] = [];
  let now = 0;
  const clock = { ...systemClock, monotonic: () => (now += 1) };
  limitStore.record('gateway-0', true, now);
  const options = { limitStore, stores: { endpoints: { store: endpoints } }, pauseMs: 1, log: silentLog };
  const following = startFollowingLimitStore({ ...options, clock }, (key) => looks.push(key));
  onTestFinished(() => following.stop());
  await expect.poll(() => looks.length).toBe(1);
  const before = now;
  await expect.poll(() => now).toBeGreaterThan(before + 5);
  limitStore.record('gateway-0', false, now);
  await expect.poll(() => looks.length).toBe(2);
  await following.stop();
  expect(looks).toEqual(['default/limited', 'default/limited']);
});
