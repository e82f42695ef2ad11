import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { labels } from '../../crds/schema/api.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import type { Deployment, EndpointSlice, Secret } from '../../kube/kinds.ts';
import { systemClock } from '../../platform/clock.ts';
import { issueCertificate, makeAuthority } from '../../platform/tls/authority.ts';
import { aDeployment } from '../../test/support/a-deployment.ts';
import { anEndpoint } from '../../test/support/an-endpoint.ts';
import { tlsSecret } from '../certificates/tls-secret.ts';
import { aConfig } from '../operator-fixture.ts';
import { byEndpoint } from '../stores.ts';
import { Leaving } from './leaving.ts';
import { anInformer } from './store-fixture.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
const hour = 3_600_000;
const wine = anEndpoint('wine').servingModel('models:/wine/1').withSpec({ routeOptimized: true }).build();
const plain = anEndpoint('wine').servingModel('models:/wine/1').build();
const red = aDeployment('wine-red').servingFor(wine, 'red').build();
const slice = (createdAt: number): EndpointSlice => ({
  metadata: {
    name: 'wine-gateways-ipv4-8444',
    namespace: 'default',
    labels: { [labels.endpoint]: 'wine' },
    creationTimestamp: new Date(createdAt).toISOString() as never,
  },
  addressType: 'IPv4',
  endpoints: [],
});

async function gatewaysFor(namespace: string): Promise<Secret> {
  const validMs = 24 * hour;
  const authority = await makeAuthority({ commonName: 'one', now: start, validMs });
  const dnsNames = [`*.${namespace}.svc`];
  const wish = { commonName: 'gateway', dnsNames, uris: [], usages: ['server' as const] };
  const { certificatePem } = await issueCertificate(authority, { ...wish, now: start, validMs });
  const metadata = { name: 'fairlead-gateway-direct-tls', namespace: 'fairlead-system' };
  return tlsSecret(metadata, { 'tls.crt': certificatePem });
}

const damaged = '-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----';
let covered: Secret;
let elsewhere: Secret;
beforeAll(async () => {
  covered = await gatewaysFor('default');
  elsewhere = await gatewaysFor('other');
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
  readonly secret: Secret | undefined;
}

function leavingFrom(seen: Partial<Seen>) {
  const { endpoint, slices, secret } = { endpoint: wine, slices: [slice(start)], secret: covered, ...seen };
  const deployments = anInformer<Deployment>();
  const endpoints = anInformer<ServingEndpoint>();
  const endpointSlices = anInformer<EndpointSlice>({
    [byEndpoint]: ({ metadata }) => [`${metadata?.namespace}/${metadata?.labels?.[labels.endpoint]}`],
  });
  const secrets = anInformer<Secret>();
  deployments.fill(red);
  endpoints.fill(...(endpoint === undefined ? [] : [endpoint]));
  endpointSlices.fill(...slices);
  secrets.fill(...(secret === undefined ? [] : [secret]));
  const leaving = new Leaving({
    stores: { deployments, endpoints, endpointSlices, secrets },
    config: aConfig({ routeOptimized: { switchDelay: '5s', mountDelay: '150s' } }),
    clock: { ...systemClock, now: () => now },
  });
  leaving.onChange((key) => told.push(key));
  return { leaving, deployments };
}

describe('a Deployment that is idle goes to zero', () => {
  it.each<[string, () => Partial<Seen>]>([
    ['where callers come to gateways alone', () => ({ endpoint: plain, slices: [], secret: undefined })],
    ['where there is no endpoint any more', () => ({ endpoint: undefined, slices: [] })],
    ['once gateways have stood in for long enough', () => ({})],
    ['at the moment at which everybody knows of them', () => ({ slices: [slice(now - 5_000)] })],
  ])('%s', (_name, seen) => {
    expect(leavingFrom(seen()).leaving.mayGo(red)).toBe(true);
  });

  it.each<[string, () => Partial<Seen>]>([
    ['gateways do not stand in', () => ({ slices: [] })],
    ['not everybody knows of them yet', () => ({ slices: [slice(now - 4_000)] })],
    ['they have no certificate', () => ({ secret: undefined })],
    ['theirs is for other namespaces', () => ({ secret: elsewhere })],
    ['theirs cannot be read', () => ({ secret: tlsSecret({ ...covered.metadata }, { 'tls.crt': damaged }) })],
  ])('not while %s', (_name, seen) => {
    expect(leavingFrom(seen()).leaving.mayGo(red)).toBe(false);
  });

  it('not before the certificate has come to the files of gateways', () => {
    now = start + 149_000;
    const { leaving } = leavingFrom({});
    expect(leaving.mayGo(red)).toBe(false);
    now = start + 150_000;
    expect(leaving.mayGo(red)).toBe(true);
  });
});

it.each<[string, () => Partial<Seen>, number, number]>([
  ['show theirs', () => ({}), hour, 0],
  ['are about to', () => ({}), 149_000, 1_000],
  ['are to be asked about again where there is none', () => ({ secret: undefined }), hour, 5_000],
])('gateways %s', (_name, seen, later, expected) => {
  now = start + later;
  expect(leavingFrom(seen()).leaving.certifiedInMs('default')).toBe(expected);
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
