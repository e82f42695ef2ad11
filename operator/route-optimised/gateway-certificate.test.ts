import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Secret } from '../../kube/kinds.ts';
import { systemClock } from '../../platform/clock.ts';
import { issueCertificate, makeAuthority } from '../../platform/tls/authority.ts';
import { tlsSecret } from '../certificates/tls-secret.ts';
import { aConfig } from '../operator-fixture.ts';
import { GatewayCertificate } from './gateway-certificate.ts';
import { anInformer } from './store-fixture.ts';
import type { FilledInformer } from './store-fixture.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
const hour = 3_600_000;
const metadata = { name: 'fairlead-gateway-direct-tls', namespace: 'fairlead-system' };
const damaged = tlsSecret(metadata, {
  'tls.crt': '-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----',
});

async function madeAt(now: number, ...namespaces: string[]): Promise<Secret> {
  const validMs = 24 * hour;
  const authority = await makeAuthority({ commonName: 'one', now, validMs });
  const dnsNames = namespaces.map((namespace) => `*.${namespace}.svc`);
  const wish = { commonName: 'gateway', dnsNames, usages: ['server' as const] };
  const { certificatePem } = await issueCertificate(authority, { ...wish, now, validMs });
  return tlsSecret(metadata, { 'tls.crt': certificatePem });
}

let first: Secret;
let second: Secret;
beforeAll(async () => {
  first = await madeAt(start, 'one');
  second = await madeAt(start + hour, 'one', 'two');
});

let now: number;
let secrets: FilledInformer<Secret>;
let certificate: GatewayCertificate;
beforeEach(() => {
  now = start;
  secrets = anInformer();
  certificate = new GatewayCertificate({
    stores: { secrets },
    config: aConfig({ routeOptimized: { mountDelay: '150s' } }),
    clock: { ...systemClock, now: () => now },
  });
});

describe('gateways show a certificate for a namespace', () => {
  it.each([
    ['when it has had the time to come to their files', 150_000, 0],
    ['a moment later', 149_000, 1_000],
    ['not at once', 0, 150_000],
  ])('%s', (_name, later, expected) => {
    secrets.fill(first);
    now = start + later;
    expect(certificate.shownInMs('one')).toBe(expected);
  });

  it.each<[string, () => Secret[]]>([
    ['there is none', () => []],
    ['it is for others', () => [first]],
    ['it is damaged', () => [damaged]],
  ])('at some time, while %s', (_name, all) => {
    secrets.fill(...all());
    now = start + hour;
    expect(certificate.shownInMs('two')).toBe(5_000);
  });

  it('still, when another one follows it; those who are new in that one wait', () => {
    secrets.fill(first);
    now = start + hour;
    expect(certificate.shownInMs('one')).toBe(0);
    secrets.fill(second);
    expect([certificate.shownInMs('one'), certificate.shownInMs('two')]).toEqual([0, 150_000]);
  });

  it('anew, when there was none in between', () => {
    secrets.fill(first);
    now = start + hour;
    certificate.shownInMs('one');
    secrets.fill(damaged);
    expect(certificate.shownInMs('one')).toBe(5_000);
    secrets.fill(second);
    expect(certificate.shownInMs('one')).toBe(150_000);
  });
});
