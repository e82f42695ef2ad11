/** Owns what makes a server the same one after a restart: its authorities, its token key, and the admin's token. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JWK } from 'jose';
import { systemCodeOf } from '../../../platform/errors.ts';
import { expiryOf, issueCertificate, makeAuthority } from '../../../platform/tls/authority.ts';
import type { KeyPair } from '../../../platform/tls/authority.ts';
import { makeSigningKey } from '../authn/token-issuer.ts';

export interface ServerIdentity {
  /** Signs the serving certificate; clients trust it by the kubeconfig. */
  readonly authority: KeyPair;
  /** Signs the certificate with which the server speaks for its users to aggregated APIs. */
  readonly proxyAuthority: KeyPair;
  readonly tokenKey: JWK;
  readonly adminToken: string;
}

const dayMs = 86_400_000;
const authorityValidMs = 3_650 * dayMs;
const certificateValidMs = 365 * dayMs;
/** The cluster IP of the Service `default/kubernetes`: the first of the range, as in every cluster. */
export const apiServiceIp = '127.96.0.1';
export const proxyClientName = 'front-proxy-client';

/** Returns the identity kept in `directory`, made at the first start and again before its authorities end. */
export async function loadIdentity(directory: string, now: number): Promise<ServerIdentity> {
  const path = join(directory, 'identity.json');
  const kept = await readIdentity(path);
  if (kept !== undefined && expiryOf(kept.authority.certificatePem) > now + certificateValidMs) return kept;
  const identity: ServerIdentity = {
    authority: await makeAuthority({ commonName: 'fairlead-devcluster', now, validMs: authorityValidMs }),
    proxyAuthority: await makeAuthority({
      commonName: 'fairlead-devcluster-front-proxy',
      now,
      validMs: authorityValidMs,
    }),
    tokenKey: await makeSigningKey(),
    adminToken: randomBytes(24).toString('base64url'),
  };
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const temporary = `${path}.new`;
  await writeFile(temporary, JSON.stringify(identity), { mode: 0o600 });
  await rename(temporary, path);
  return identity;
}

async function readIdentity(path: string): Promise<ServerIdentity | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ServerIdentity;
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Returns a serving certificate for the names by which clients reach the server. */
export function makeServingCertificate(
  identity: ServerIdentity,
  host: string,
  now: number,
): Promise<KeyPair> {
  return issueCertificate(identity.authority, {
    commonName: 'kube-apiserver',
    dnsNames: ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'],
    ipAddresses: [...new Set(['127.0.0.1', apiServiceIp, host])],
    usages: ['server'],
    now,
    validMs: certificateValidMs,
  });
}

/** Returns the certificate with which the server speaks for its users. */
export function makeProxyClientCertificate(identity: ServerIdentity, now: number): Promise<KeyPair> {
  return issueCertificate(identity.proxyAuthority, {
    commonName: proxyClientName,
    usages: ['client'],
    now,
    validMs: certificateValidMs,
  });
}
