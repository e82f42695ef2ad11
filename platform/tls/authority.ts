/** Owns the making of X.509 material: a certificate authority, and certificates signed by it (ECDSA P-256). */
import { randomBytes, webcrypto } from 'node:crypto';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto);

/** A certificate and its private key (PKCS #8), both PEM. */
export interface KeyPair {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

export interface CertificateRequest {
  readonly commonName: string;
  /** Kubernetes reads it as the user's group; default `fairlead`. */
  readonly organization?: string;
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  /** SPIFFE identities (`spiffe://…`), as URI subject alternative names. */
  readonly uris?: readonly string[];
  readonly usages: readonly ('server' | 'client')[];
  /** Milliseconds since the epoch; validity starts five minutes earlier, for clocks that run behind. */
  readonly now: number;
  readonly validMs: number;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
export const clockSkewMs = 5 * 60_000;

/** Returns a self-signed certificate authority. */
export async function makeAuthority(options: {
  commonName: string;
  now: number;
  validMs: number;
}): Promise<KeyPair> {
  const keys = await makeKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: randomBytes(16).toString('hex'),
    name: distinguishedName(options.commonName),
    notBefore: new Date(options.now - clockSkewMs),
    notAfter: new Date(options.now + options.validMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificatePem: certificate.toString('pem'), privateKeyPem: await privateKeyPemOf(keys) };
}

/** Returns a certificate for `request`, signed by `authority`. */
export async function issueCertificate(authority: KeyPair, request: CertificateRequest): Promise<KeyPair> {
  const issuer = new x509.X509Certificate(authority.certificatePem);
  const signingKey = await importPrivateKey(authority.privateKeyPem);
  const keys = await makeKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: randomBytes(16).toString('hex'),
    subject: distinguishedName(request.commonName, request.organization),
    issuer: issuer.subject,
    notBefore: new Date(request.now - clockSkewMs),
    notAfter: new Date(request.now + request.validMs),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(
        request.usages.map((usage) => x509.ExtendedKeyUsage[`${usage}Auth`]),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...alternativeNames(request),
    ],
  });
  return { certificatePem: certificate.toString('pem'), privateKeyPem: await privateKeyPemOf(keys) };
}

/** Returns when a certificate stops being valid, in milliseconds since the epoch. */
export function expiryOf(certificatePem: string): number {
  return new x509.X509Certificate(certificatePem).notAfter.getTime();
}

async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

async function importPrivateKey(pem: string): Promise<webcrypto.CryptoKey> {
  return webcrypto.subtle.importKey('pkcs8', x509.PemConverter.decodeFirst(pem), algorithm, false, ['sign']);
}

async function privateKeyPemOf(keys: webcrypto.CryptoKeyPair): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
}

/** The extension may not be empty (RFC 5280, 4.2.1.6). */
function alternativeNames(request: CertificateRequest): x509.SubjectAlternativeNameExtension[] {
  const names = [
    ...(request.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(request.ipAddresses ?? []).map((value) => ({ type: 'ip' as const, value })),
    ...(request.uris ?? []).map((value) => ({ type: 'url' as const, value })),
  ];
  return names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)];
}

function distinguishedName(commonName: string, organization = 'fairlead'): x509.JsonName {
  return [{ O: [organization] }, { CN: [commonName] }];
}
