import { describe, expect, it } from 'vitest';
import { anEndpoint } from '../../test/support/an-endpoint.ts';
import { aConfig } from '../operator-fixture.ts';
import { directDnsNames, directNamespacesOf, directUrl, standInDnsNames } from './direct-names.ts';

const uid = '0c5b927a-1871-46ad-9c86-9440a88f2448';
const id = '0c5b927a187146ad9c869440a88f2448';
const endpoint = (name: string, namespace = 'team-a') =>
  anEndpoint(name).withMetadata({ uid, namespace }).servingModel('models:/wine/1');
const direct = (name: string, namespace?: string) =>
  endpoint(name, namespace).withSpec({ routeOptimized: true });
const outside = aConfig({ routeOptimized: { domain: 'models.example.com', port: 8443 } });

describe('the sidecars of a route-optimised endpoint', () => {
  it.each([
    [
      'are called by the names of its Service',
      direct('wine').build(),
      aConfig(),
      ['wine.team-a.svc', 'wine.team-a.svc.cluster.local'],
    ],
    [
      'are called by its id besides where callers are outside of the cluster',
      direct('wine').build(),
      outside,
      ['wine.team-a.svc', 'wine.team-a.svc.cluster.local', `${id}.models.example.com`],
    ],
    ['are called by no name where callers come to gateways alone', endpoint('wine').build(), outside, []],
  ])('%s', (_name, given, config, names) => {
    expect(directDnsNames(given, config)).toEqual(names);
  });

  it.each([
    [
      'within the cluster',
      direct('wine').build(),
      aConfig(),
      'https://wine.team-a.svc/namespaces/team-a/serving-endpoints/wine/invocations',
    ],
    [
      'from outside, at another port',
      direct('wine').build(),
      outside,
      `https://${id}.models.example.com:8443/namespaces/team-a/serving-endpoints/wine/invocations`,
    ],
    [
      'by the public name',
      direct('wine').withSpec({ endpointName: 'Wine_prod' }).build(),
      aConfig(),
      'https://wine.team-a.svc/namespaces/team-a/serving-endpoints/Wine_prod/invocations',
    ],
  ])('are reached %s', (_name, given, config, url) => {
    expect(directUrl(given, config)).toBe(url);
  });
});

describe('gateways that stand in for sidecars', () => {
  it('do so in the namespaces that have route-optimised endpoints', () => {
    const all = [direct('b', 'two'), direct('a', 'one'), direct('c', 'two'), endpoint('d', 'three')];
    expect(directNamespacesOf(all.map((builder) => builder.build()))).toEqual(['one', 'two']);
  });

  it.each([
    ['of the Services there', aConfig(), ['*.one.svc', '*.one.svc.cluster.local']],
    ['from outside', outside, ['*.one.svc', '*.one.svc.cluster.local', '*.models.example.com']],
  ])('have the names %s', (_name, config, names) => {
    expect(standInDnsNames(['one'], config)).toEqual(names);
  });
});
