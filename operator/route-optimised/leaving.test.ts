import { beforeEach, describe, expect, it } from 'vitest';
import { labels } from '../../crds/schema/api.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import type { Deployment, EndpointSlice } from '../../kube/kinds.ts';
import { systemClock } from '../../platform/clock.ts';
import { aDeployment } from '../../test/support/a-deployment.ts';
import { anEndpoint } from '../../test/support/an-endpoint.ts';
import { aConfig } from '../operator-fixture.ts';
import { byEndpoint } from '../stores.ts';
import { Leaving } from './leaving.ts';
import { anInformer } from './store-fixture.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
const hour = 3_600_000;
const wine = anEndpoint('wine').servingModel('models:/wine/1').withSpec({ routeOptimized: true }).build();
const plain = anEndpoint('wine').servingModel('models:/wine/1').build();
const red = aDeployment('wine-red').servingFor(wine, 'red').build();
const slice = (createdAt: number, uid = wine.metadata.uid ?? ''): EndpointSlice => ({
  metadata: {
    name: 'wine-gateways-ipv4-8444',
    namespace: 'default',
    labels: { [labels.endpoint]: 'wine' },
    ownerReferences: [{ apiVersion: 'v1', kind: 'Owner', name: 'wine', uid, controller: true }],
    creationTimestamp: new Date(createdAt).toISOString(),
  },
  addressType: 'IPv4',
  endpoints: [],
});

let now: number;
let told: string[];
beforeEach(() => {
  now = start + hour;
  told = [];
});

interface Seen {
  readonly endpoint: ServingEndpoint | undefined;
  readonly slices: readonly EndpointSlice[];
  /** In how many milliseconds gateways show a certificate. */
  readonly shownInMs: number;
}

function leavingFrom(seen: Partial<Seen>) {
  const { endpoint, slices, shownInMs } = { endpoint: wine, slices: [slice(start)], shownInMs: 0, ...seen };
  const deployments = anInformer<Deployment>();
  const endpoints = anInformer<ServingEndpoint>();
  const endpointSlices = anInformer<EndpointSlice>({
    [byEndpoint]: ({ metadata }) => [`${metadata?.namespace}/${metadata?.labels?.[labels.endpoint]}`],
  });
  deployments.fill(red);
  endpoints.fill(...(endpoint === undefined ? [] : [endpoint]));
  endpointSlices.fill(...slices);
  const leaving = new Leaving({
    stores: { deployments, endpoints, endpointSlices },
    certificate: { shownInMs: () => shownInMs },
    config: aConfig({ routeOptimized: { switchDelay: '5s' } }),
    clock: { ...systemClock, now: () => now },
  });
  leaving.onChange((key) => told.push(key));
  return { leaving, deployments };
}

describe('a Deployment that is idle goes to zero', () => {
  it.each<[string, () => Partial<Seen>]>([
    ['where callers come to gateways alone', () => ({ endpoint: plain, slices: [], shownInMs: 5_000 })],
    ['where there is no endpoint any more', () => ({ endpoint: undefined, slices: [] })],
    ['once gateways have stood in for long enough', () => ({})],
    ['at the moment at which everybody knows of them', () => ({ slices: [slice(now - 5_000)] })],
  ])('%s', (_name, seen) => {
    expect(leavingFrom(seen()).leaving.mayGo(red)).toBe(true);
  });

  it.each<[string, () => Partial<Seen>]>([
    ['gateways do not stand in', () => ({ slices: [] })],
    ['there are slices of sidecars alone', () => ({ slices: [slice(start, 'uid-of-service')] })],
    ['not everybody knows of them yet', () => ({ slices: [slice(now - 4_000)] })],
    ['they do not show their certificate yet', () => ({ shownInMs: 1 })],
  ])('not while %s', (_name, seen) => {
    expect(leavingFrom(seen()).leaving.mayGo(red)).toBe(false);
  });
});

describe('its endpoint', () => {
  it('is told once that it waits to go, and once that it does no longer', () => {
    const { leaving } = leavingFrom({ slices: [] });
    expect(leaving.has('default/wine')).toBe(false);
    leaving.mayGo(red);
    leaving.mayGo(red);
    expect(leaving.has('default/wine')).toBe(true);
    expect(told).toEqual(['default/wine']);
    leaving.stays(red);
    leaving.stays(red);
    expect(leaving.has('default/wine')).toBe(false);
    expect(told).toEqual(['default/wine', 'default/wine']);
  });

  it('is told that it is gone', () => {
    const { leaving, deployments } = leavingFrom({ slices: [] });
    leaving.mayGo(red);
    leaving.look();
    expect(leaving.has('default/wine')).toBe(true);
    deployments.fill();
    leaving.look();
    expect(leaving.has('default/wine')).toBe(false);
    expect(told).toHaveLength(2);
  });

  it('is none of anybody’s business where callers come to gateways alone', () => {
    const { leaving } = leavingFrom({ endpoint: plain });
    leaving.mayGo(red);
    leaving.stays(red);
    expect(told).toEqual([]);
  });
});
