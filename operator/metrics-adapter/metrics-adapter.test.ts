/** Owns the tests of what the metrics API understands and says, without a server. */
import type { PeerCertificate } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { makeMetricValues } from './answer.ts';
import { discoveryAt } from './discovery.ts';
import { isAllowedName, parseFrontProxy } from './front-proxy.ts';
import { parseLabelSelector } from './label-selector.ts';

const label = 'serving.fairlead.dev/deployment';

describe('a label selector', () => {
  const iris = { [label]: 'iris-1' };

  it.each([
    ['', true],
    [`${label}=iris-1`, true],
    [`${label}==iris-1`, true],
    [`${label} = iris-2`, false],
    [`${label}!=iris-1`, false],
    [`${label}!=iris-2`, true],
    [`${label} in (iris-1, iris-2)`, true],
    [`${label} notin (iris-1,iris-2)`, false],
    ['tier notin (a)', true],
    ['tier!=a', true],
    ['tier=a', false],
    [label, true],
    [`!${label}`, false],
    ['!tier', true],
    [`${label}=iris-1,tier=a`, false],
    [`${label} in (iris-1,iris-2),!tier`, true],
    [`${label}=`, false],
  ])('%j matches the metric of iris-1: %j', (selector, expected) => {
    expect(parseLabelSelector(selector).matches(iris)).toBe(expected);
  });

  it('tells which Deployments alone it can match', () => {
    expect(parseLabelSelector(`${label} in (a, b),tier!=x`).valuesOf(label)).toEqual(['a', 'b']);
    expect(parseLabelSelector(`${label}!=a`).valuesOf(label)).toBeUndefined();
  });

  it.each(['tier a', 'tier=a b', `${label} in a`, '=a', ',', 'tier in (a,(b))', 'a=b,,c=d', 'UPPER/x=a'])(
    'refuses %j',
    (selector) => {
      expect(() => parseLabelSelector(selector)).toThrow(
        expect.objectContaining({ code: 'SELECTOR_INVALID' }),
      );
    },
  );
});

describe('what the API says of itself', () => {
  const newest = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

  it('is one document for API servers that ask for it, and the parts for others', () => {
    expect(discoveryAt('/apis', `${newest},application/json`)).toMatchObject({
      type: newest,
      body: { kind: 'APIGroupDiscoveryList', items: [{ metadata: { name: 'external.metrics.k8s.io' } }] },
    });
    expect(discoveryAt('/apis', 'application/json')).toMatchObject({ body: { kind: 'APIGroupList' } });
    expect(discoveryAt('/openapi/v3', '*/*')).toMatchObject({
      body: {
        paths: {
          'apis/external.metrics.k8s.io/v1beta1': { serverRelativeURL: expect.any(String) as string },
        },
      },
    });
    expect(discoveryAt('/openapi/v2', '*/*')).toBeUndefined();
  });
});

describe('the metrics API', () => {
  it('writes whole quantities as the API server would', () => {
    const known = [{ deployment: 'iris-1', concurrency: 3 }];
    expect(makeMetricValues(known, { now: 0, windowSeconds: 60 })).toMatchObject({ items: [{ value: '3' }] });
  });

  it('writes quantities in thousandths', () => {
    const known = [{ deployment: 'iris-1', concurrency: 2.84999 }];
    expect(makeMetricValues(known, { now: 0, windowSeconds: 60 })).toMatchObject({
      kind: 'ExternalMetricValueList',
      items: [
        {
          metricName: 'fairlead_concurrency',
          value: '2850m',
          windowSeconds: 60,
          timestamp: '1970-01-01T00:00:00Z',
        },
      ],
    });
  });
});

describe('the front proxy', () => {
  const named = (CN: string) => ({ subject: { CN } }) as PeerCertificate;

  it('is unknown where the cluster publishes nothing', () => {
    expect(parseFrontProxy(undefined)).toBeUndefined();
    expect(parseFrontProxy({ data: {} })).toBeUndefined();
  });

  it('is known by the names that the cluster allows', () => {
    const proxy = parseFrontProxy({
      data: {
        'requestheader-client-ca-file': 'PEM',
        'requestheader-allowed-names': '["front-proxy-client"]',
      },
    })!;
    expect(isAllowedName(proxy, named('front-proxy-client'))).toBe(true);
    expect(isAllowedName(proxy, named('somebody'))).toBe(false);
    expect(isAllowedName(proxy, {} as PeerCertificate)).toBe(false);
  });

  it('is every certificate of the authority where no names are given', () => {
    const proxy = parseFrontProxy({
      data: { 'requestheader-client-ca-file': 'PEM', 'requestheader-allowed-names': '[]' },
    })!;
    expect(isAllowedName(proxy, named('anybody'))).toBe(true);
  });
});
