/** Owns reading certificates: the same one is looked at several times in a reconcile, and the authority's in each of them. */
import { X509Certificate } from 'node:crypto';
import { LRUCache } from 'lru-cache';

const parsed = new LRUCache<string, X509Certificate>({ max: 64 });

/**
 * Returns the certificate of a PEM text.
 *
 * @throws Error of node:crypto when it is none.
 */
export function parseCertificate(pem: string): X509Certificate {
  const known = parsed.get(pem);
  if (known !== undefined) return known;
  const certificate = new X509Certificate(pem);
  parsed.set(pem, certificate);
  return certificate;
}

/** Returns the certificates of a PEM bundle, each by itself. */
export const certificatesIn = (pem: string | undefined): string[] =>
  pem?.match(/-----BEGIN CERTIFICATE-----[^]*?-----END CERTIFICATE-----/g) ?? [];
