/** Owns the tests of certificates: when they are issued and renewed, and how one authority follows another. */
import { beforeAll, describe, expect, it } from 'vitest';
import { issueCertificate, makeAuthority } from '../../platform/tls/authority.ts';
import type { KeyPair } from '../../platform/tls/authority.ts';
import type { SigningAuthority } from './authority-state.ts';
import { parseCertificate } from './parsed-certificate.ts';
import { checkCertificate, renewalTime } from './check-certificate.ts';
import type { CertificateWish } from './check-certificate.ts';
import { isUsable, makeSidecarCertificate, renewalInMs } from './sidecar-certificate.ts';
import { checkTlsSecret, makeTlsSecret, secretText, tlsSecret } from './tls-secret.ts';

const day = 86_400_000;
const start = Date.parse('2026-01-01T00:00:00Z');
const wish: CertificateWish = {
  commonName: 'iris',
  dnsNames: ['iris.svc'],
  uris: ['spiffe://cluster.local/ns/team/endpoint/iris'],
  usages: ['server', 'client'],
};

let authority: SigningAuthority;
let other: SigningAuthority;
let certificate: KeyPair;

const ownAuthority = (pair: KeyPair): SigningAuthority => ({
  ...pair,
  chainPem: '',
  trustPem: pair.certificatePem,
});

beforeAll(async () => {
  authority = ownAuthority(await makeAuthority({ commonName: 'one', now: start, validMs: 300 * day }));
  other = ownAuthority(await makeAuthority({ commonName: 'two', now: start, validMs: 300 * day }));
  certificate = await issueCertificate(authority, { ...wish, now: start, validMs: 90 * day });
});

const bundleOf = (pair: KeyPair) => ({
  certificatePem: pair.certificatePem,
  bundlePem: pair.certificatePem,
  dueAt: start,
  issue: (request: CertificateWish) => issueCertificate(pair, { ...request, now: start, validMs: day }),
});

describe('checkCertificate', () => {
  const check = (change: Partial<Parameters<typeof checkCertificate>[0]>) =>
    checkCertificate({
      certificatePem: certificate.certificatePem,
      authorityPem: authority.certificatePem,
      wish,
      now: start + day,
      ...change,
    });

  it('has nothing against a fresh certificate that says what is wanted', () => {
    expect(check({})).toBeUndefined();
  });

  it('wants a new one at two thirds of its life, not before', () => {
    expect(renewalTime(parseCertificate(certificate.certificatePem))).toBeCloseTo(start + 60 * day, -6);
    expect(check({ now: start + 59.9 * day })).toBeUndefined();
    expect(check({ now: start + 60.1 * day })).toMatch(/coming to an end/);
  });

  it.each<[string, () => Parameters<typeof check>[0], RegExp]>([
    ['there is none', () => ({ certificatePem: undefined }), /there is none/],
    ['it is damaged', () => ({ certificatePem: 'nonsense' }), /cannot be read/],
    ['another authority signed it', () => ({ authorityPem: other.certificatePem }), /another authority/],
    [
      'it carries fewer names',
      () => ({ wish: { ...wish, dnsNames: ['iris.svc', 'rose.svc'] } }),
      /other names/,
    ],
    [
      'it is for somebody else',
      () => ({ wish: { ...wish, uris: ['spiffe://cluster.local/ns/team/endpoint/rose'] } }),
      /other names/,
    ],
  ])('wants a new one when %s', (_name, change, cause) => {
    expect(check(change())).toMatch(cause);
  });
});

describe('a TLS secret', () => {
  it('is issued once, and then is good', async () => {
    const options = { authority: bundleOf(authority), wish, now: start };
    expect(checkTlsSecret(undefined, options)).toMatchObject({ issue: true });
    const secret = await makeTlsSecret({ name: 's' }, undefined, { ...options, issue: true });
    expect(secret).toMatchObject({ type: 'kubernetes.io/tls' });
    expect(checkTlsSecret(secret, options)).toBeUndefined();
  });

  it('keeps its certificate when only the trusted authorities change', async () => {
    const options = { authority: bundleOf(authority), wish, now: start };
    const secret = await makeTlsSecret({ name: 's' }, undefined, { ...options, issue: true });
    const wider = { ...options.authority, bundlePem: `${authority.certificatePem}\n${other.certificatePem}` };
    expect(checkTlsSecret(secret, { ...options, authority: wider })).toMatchObject({ issue: false });
    const next = await makeTlsSecret({ name: 's' }, secret, { authority: wider, wish, issue: false });
    expect(secretText(next, 'tls.crt')).toBe(secretText(secret, 'tls.crt'));
    expect(secretText(next, 'ca.crt')).toBe(wider.bundlePem);
  });

  it.each<[string, () => Record<string, string>]>([
    ['is gone', () => ({})],
    ['is none', () => ({ 'tls.key': 'nonsense' })],
    ['is that of another certificate', () => ({ 'tls.key': other.privateKeyPem })],
  ])('is issued anew when its key %s', (_name, key) => {
    const secret = tlsSecret({ name: 's' }, { 'tls.crt': certificate.certificatePem, ...key() });
    expect(checkTlsSecret(secret, { authority: bundleOf(authority), wish, now: start })).toMatchObject({
      issue: true,
    });
  });
});

describe('the certificate of the sidecars', () => {
  const endpoint = { namespace: 'team', name: 'iris', uid: 'u1' };
  const secretOf = (pem: string, uid = 'u1') =>
    tlsSecret(
      {
        name: 'iris-sidecar-tls',
        ownerReferences: [{ apiVersion: 'v1', kind: 'ServingEndpoint', name: 'iris', uid, controller: true }],
      },
      { 'tls.crt': pem },
    );

  it('can be used until it expires, and is renewed before', () => {
    const secret = secretOf(certificate.certificatePem);
    expect(isUsable(secret, endpoint, start + 89 * day)).toBe(true);
    expect(isUsable(secret, endpoint, start + 91 * day)).toBe(false);
    expect(renewalInMs(secret, endpoint, start)).toBeCloseTo(60 * day, -6);
  });

  it.each<[string, string[], string]>([
    ['names by which callers come', ['iris.team.svc'], 'DNS:iris.team.svc, '],
    ['its identity alone where callers come to gateways', [], ''],
  ])('has %s', async (_name, dnsNames, before) => {
    const input = { endpoint, authority: bundleOf(authority), trustDomain: 'cluster.local', dnsNames };
    const made = await makeSidecarCertificate({ ...input, observed: undefined, now: start });
    const pem = secretText(made?.wanted, 'tls.crt') ?? '';
    const names = `${before}URI:spiffe://cluster.local/ns/team/endpoint/iris`;
    expect(parseCertificate(pem).subjectAltName).toBe(names);
    expect(await makeSidecarCertificate({ ...input, observed: made?.wanted, now: start })).toBeUndefined();
    const others = { ...input, dnsNames: ['iris.team.svc', 'x.example.com'] };
    expect(await makeSidecarCertificate({ ...others, observed: made?.wanted, now: start })).toBeDefined();
  });

  it.each([
    ['is damaged', () => secretOf('nonsense')],
    ['belongs to somebody else', () => secretOf(certificate.certificatePem, 'u2')],
    ['is not there', () => undefined],
  ])('neither can be used nor waits for its renewal where it %s', (_name, secret) => {
    expect(isUsable(secret(), endpoint, start)).toBe(false);
    expect(renewalInMs(secret(), endpoint, start + 365 * day)).toBeUndefined();
  });
});
