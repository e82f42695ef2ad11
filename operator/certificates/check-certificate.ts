/** Owns whether a certificate is the one that is wanted and has life left, judged from its PEM alone. */
import type { X509Certificate } from 'node:crypto';
import type { CertificateRequest } from '../../platform/tls/authority.ts';
import { messageOf } from '../../platform/errors.ts';
import { parseCertificate } from './parsed-certificate.ts';

/** What a certificate is to say; its times are the issuer's matter. */
export type CertificateWish = Omit<CertificateRequest, 'now' | 'validMs'>;

/** A certificate is renewed when this share of its life is over: time enough to notice and repair a renewal that fails. */
const renewAfterShare = 2 / 3;

export interface CertificateEvidence {
  readonly certificatePem: string | undefined;
  readonly authorityPem: string;
  readonly wish: CertificateWish;
  readonly now: number;
}

/** Returns why a certificate has to be issued; undefined while the one there is good. */
export function checkCertificate(evidence: CertificateEvidence): string | undefined {
  const { certificatePem, authorityPem, wish, now } = evidence;
  if (certificatePem === undefined || certificatePem === '') return 'there is none';
  let certificate: X509Certificate;
  try {
    certificate = parseCertificate(certificatePem);
  } catch (error) {
    return `it cannot be read: ${messageOf(error)}`;
  }
  const authority = parseCertificate(authorityPem);
  if (!certificate.checkIssued(authority) || !certificate.verify(authority.publicKey)) {
    return 'another authority signed it';
  }
  const names = (certificate.subjectAltName ?? '').split(', ').filter((name) => name !== '');
  if (names.toSorted().join() !== wantedNames(wish).toSorted().join()) return 'it carries other names';
  return now >= renewalTime(certificate) ? 'its life is coming to an end' : undefined;
}

/** Returns when a certificate is to be renewed, in milliseconds since the epoch. */
export function renewalTime({ validFromDate, validToDate }: X509Certificate): number {
  const life = validToDate.getTime() - validFromDate.getTime();
  return validFromDate.getTime() + life * renewAfterShare;
}

function wantedNames(wish: CertificateWish): string[] {
  return [
    ...(wish.dnsNames ?? []).map((name) => `DNS:${name}`),
    ...(wish.ipAddresses ?? []).map((address) => `IP Address:${address}`),
    ...(wish.uris ?? []).map((uri) => `URI:${uri}`),
  ];
}
