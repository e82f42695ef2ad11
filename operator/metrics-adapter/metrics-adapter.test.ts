/** Owns the tests of what the metrics API understands and says, without a server. */
import type { PeerCertificate } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { makeMetricValues } from './answer.ts';
import { isAllowedName, parseFrontProxy } from './front-proxy.ts';
import { parseDeploymentSelector } from './label-selector.ts';

const label = 'serving.fairlead.dev/deployment';

describe('parseDeploymentSelector', () => {
  it.each([
    ['', undefined],
    [`${label}=iris-1`, ['iris-1']],
    [`${label}==iris-1`, ['iris-1']],
    [`${label} in (iris-1, iris-2)`, ['iris-1', 'iris-2']],
  ])('%j asks for %j', (selector, names) => {
    expect(parseDeploymentSelector(selector)).toEqual(names);
  });

  it.each(['tier=a', `${label}!=iris-1`, `!${label}`, `${label}=a,tier=b`, `${label} notin (a)`])(
    'refuses %j',
    (selector) => {
      expect(() => parseDeploymentSelector(selector)).toThrow(
        expect.objectContaining({ code: 'SELECTOR_INVALID' }),
      );
    },
  );
});

describe('the metrics API', () => {
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
