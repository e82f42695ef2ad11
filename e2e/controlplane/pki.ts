/** Owns the certificates and keys of a control plane: two authorities, who is who, and the key of ServiceAccount tokens. */
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { issueCertificate, makeAuthority } from '../../platform/tls/authority.ts';
import type { CertificateRequest, KeyPair } from '../../platform/tls/authority.ts';
import { apiServiceAddress, nodeAddress } from './addresses.ts';

type Identity = Omit<CertificateRequest, 'now' | 'validMs'>;

const client = (commonName: string, organization?: string): Identity => ({
  commonName,
  usages: ['client'],
  ...(organization === undefined ? {} : { organization }),
});

/** Whoever belongs to it may do everything. */
const administrators = 'system:masters';

/** What the cluster's own authority vouches for, as in a cluster that kubeadm makes. */
const identities = {
  apiserver: {
    commonName: 'kube-apiserver',
    dnsNames: ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'],
    ipAddresses: [nodeAddress, apiServiceAddress],
    usages: ['server'],
  },
  kubelet: { commonName: 'kubelet', ipAddresses: [nodeAddress], usages: ['server'] },
  'apiserver-kubelet-client': client('kube-apiserver-kubelet-client', administrators),
  admin: client('kubernetes-admin', administrators),
  node: client('system:node:fairlead-node', administrators),
  'kube-controller-manager': client('system:kube-controller-manager'),
  'kube-scheduler': client('system:kube-scheduler'),
} as const satisfies Record<string, Identity>;

export type IdentityName = keyof typeof identities;

/** The name by which the API server speaks for its users to aggregated APIs. */
export const frontProxyName = 'front-proxy-client';

const dayMs = 86_400_000;

/** The files of `dir`, by their names. */
export interface Pki {
  readonly dir: string;
  readonly authorityPem: string;
  readonly certificates: Readonly<Record<IdentityName, KeyPair>>;
}

/**
 * Makes everything and writes it to `dir` as `<name>.crt` and `<name>.key`: `ca`, `front-proxy-ca`,
 * `front-proxy-client`, every identity, and `service-account.key` with `service-account.pub`.
 */
export async function makePki(dir: string, now: number): Promise<Pki> {
  const times = { now, validMs: dayMs };
  const authority = await makeAuthority({ commonName: 'kubernetes', ...times });
  const frontProxyAuthority = await makeAuthority({ commonName: 'kubernetes-front-proxy', ...times });
  const issued = await Promise.all(
    Object.entries(identities).map(
      async ([name, identity]) =>
        [name, await issueCertificate(authority, { ...identity, ...times })] as const,
    ),
  );
  const certificates = Object.fromEntries(issued) as Record<IdentityName, KeyPair>;
  const pairs: Record<string, KeyPair> = {
    ...certificates,
    ca: authority,
    'front-proxy-ca': frontProxyAuthority,
    'front-proxy-client': await issueCertificate(frontProxyAuthority, {
      ...client(frontProxyName),
      ...times,
    }),
  };
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  for (const [name, pair] of Object.entries(pairs)) {
    write(join(dir, `${name}.crt`), pair.certificatePem);
    write(join(dir, `${name}.key`), pair.privateKeyPem);
  }
  writeTokenKey(dir);
  return { dir, authorityPem: authority.certificatePem, certificates };
}

function writeTokenKey(dir: string): void {
  const { publicKey, privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  write(join(dir, 'service-account.key'), privateKey);
  write(join(dir, 'service-account.pub'), publicKey);
}

const write = (path: string, content: string): void => writeFileSync(path, content, { mode: 0o600 });
