import { describe, expect, it } from 'vitest';
import { labels } from '../../crds/schema/api.ts';
import type { EndpointSlice } from '../../kube/kinds.ts';
import { makeDirectService } from './make-direct-service.ts';
import { makeGatewaySlices } from './make-gateway-slices.ts';
import { aConfig } from '../operator-fixture.ts';

const identity = { name: 'wine', namespace: 'team-a', uid: 'u-1' };
const owner = { kind: 'ServingEndpoint', name: 'wine', uid: 'u-1', controller: true };
type Endpoint = NonNullable<EndpointSlice['endpoints']>[number];
const at = (address: string, conditions: Endpoint['conditions'] = { ready: true }): Endpoint => ({
  addresses: [address],
  conditions,
});
const slice = (endpoints: Endpoint[], change: Partial<EndpointSlice> = {}): EndpointSlice => ({
  metadata: { name: 'fairlead-gateway-direct-x1', namespace: 'fairlead-system' },
  addressType: 'IPv4',
  ports: [
    { name: 'http', port: 8080, protocol: 'TCP' },
    { name: 'direct', port: 8444, protocol: 'TCP' },
  ],
  endpoints,
  ...change,
});

describe('the Service of a route-optimised endpoint', () => {
  it('leads to those of its pods that know callers, at the port of sidecars', () => {
    expect(makeDirectService(identity, aConfig())).toMatchObject({
      metadata: { name: 'wine', namespace: 'team-a', ownerReferences: [owner] },
      spec: {
        selector: { [labels.endpoint]: 'wine', [labels.routeOptimized]: 'true' },
        ports: [{ name: 'https', port: 443, targetPort: 8443 }],
      },
    });
  });
});

describe('the slices of gateways', () => {
  it('belong to the Service of the endpoint, and are left alone by Kubernetes', () => {
    const [made] = makeGatewaySlices(identity, [slice([at('10.0.0.2'), at('10.0.0.1')])]);
    expect(made).toMatchObject({
      metadata: {
        name: 'wine-gateways-ipv4-8444',
        namespace: 'team-a',
        labels: {
          'kubernetes.io/service-name': 'wine',
          'endpointslice.kubernetes.io/managed-by': 'fairlead-operator',
        },
        ownerReferences: [owner],
      },
      ports: [{ name: 'https', port: 8444, protocol: 'TCP' }],
      endpoints: [{ addresses: ['10.0.0.1'] }, { addresses: ['10.0.0.2'] }],
    });
  });

  it.each<[string, EndpointSlice[], Record<string, string[]>]>([
    ['are none where there are no gateways', [], {}],
    ['are none where none is ready', [slice([at('10.0.0.1', { ready: false })])], {}],
    [
      'leave out those that go',
      [slice([at('10.0.0.1', { ready: true, terminating: true }), at('10.0.0.2', {})])],
      { 'wine-gateways-ipv4-8444': ['10.0.0.2'] },
    ],
    [
      'leave out those that do not serve callers of sidecars',
      [slice([at('10.0.0.1')], { ports: [{ name: 'http', port: 8080 }] })],
      {},
    ],
    [
      'are one for all of a type of address and a port',
      [
        slice([at('fd00::1')], { addressType: 'IPv6' }),
        slice([at('10.0.0.1')]),
        slice([at('10.0.0.2')]),
        slice([at('10.0.0.3')], { ports: [{ name: 'direct', port: 18081 }] }),
      ],
      {
        'wine-gateways-ipv4-18081': ['10.0.0.3'],
        'wine-gateways-ipv4-8444': ['10.0.0.1', '10.0.0.2'],
        'wine-gateways-ipv6-8444': ['fd00::1'],
      },
    ],
  ])('%s', (_name, gateways, expected) => {
    const made = makeGatewaySlices(identity, gateways).map(({ metadata, endpoints = [] }) => [
      metadata?.name,
      endpoints.flatMap(({ addresses }) => addresses),
    ]);
    expect(Object.fromEntries(made)).toEqual(expected);
  });
});
