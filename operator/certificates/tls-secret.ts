/** Owns the Secrets that hold certificates: type kubernetes.io/tls with the keys tls.crt, tls.key and ca.crt. */
import { createPrivateKey } from 'node:crypto';
import { labels } from '../../crds/schema/api.ts';
import type { Secret } from '../../kube/kinds.ts';
import type { ObjectMeta } from '../../kube/resource.ts';
import type { KeyPair } from '../../platform/tls/authority.ts';
import { fieldManager } from '../serving-endpoint/names.ts';
import type { Authority } from './authority.ts';
import { checkCertificate } from './check-certificate.ts';
import type { CertificateWish } from './check-certificate.ts';
import { parseCertificate } from './parsed-certificate.ts';

/** Returns a Secret of PEM texts. */
export function tlsSecret(metadata: ObjectMeta, data: Readonly<Record<string, string>>): Secret {
  return {
    metadata: {
      ...metadata,
      labels: { [labels.managedBy]: fieldManager, [labels.partOf]: 'fairlead', ...metadata.labels },
    },
    type: 'kubernetes.io/tls',
    data: Object.fromEntries(
      Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
    ),
  };
}

/** Returns the PEM text under a key of a Secret. */
export function secretText(secret: Secret | undefined, key: string): string | undefined {
  const value = secret?.data?.[key];
  return value === undefined ? undefined : Buffer.from(value, 'base64').toString('utf8');
}

/** Returns why the Secret has to be written anew, and whether that takes a new certificate. */
export function checkTlsSecret(
  secret: Secret | undefined,
  options: { readonly authority: Authority; readonly wish: CertificateWish; readonly now: number },
): { readonly cause: string; readonly issue: boolean } | undefined {
  const { authority, wish, now } = options;
  const cause = checkCertificate({
    certificatePem: secretText(secret, 'tls.crt'),
    authorityPem: authority.certificatePem,
    wish,
    now,
  });
  if (cause !== undefined) return { cause, issue: true };
  if (!fits(secretText(secret, 'tls.crt'), secretText(secret, 'tls.key'))) {
    return { cause: 'its key is missing or is that of another certificate', issue: true };
  }
  if (secretText(secret, 'ca.crt') === authority.bundlePem) return undefined;
  return { cause: 'other authorities are trusted now', issue: false };
}

function fits(certificatePem: string | undefined, privateKeyPem: string | undefined): boolean {
  if (certificatePem === undefined || privateKeyPem === undefined) return false;
  try {
    return parseCertificate(certificatePem).checkPrivateKey(createPrivateKey(privateKeyPem));
  } catch {
    // No key at all, whatever it is.
    return false;
  }
}

/** Returns the Secret as it is to be: with a new certificate, or with the one it has under a new bundle. */
export async function makeTlsSecret(
  metadata: ObjectMeta,
  observed: Secret | undefined,
  options: { readonly authority: Authority; readonly wish: CertificateWish; readonly issue: boolean },
): Promise<Secret> {
  const { authority, wish, issue } = options;
  const pair: KeyPair = issue
    ? await authority.issue(wish)
    : {
        certificatePem: secretText(observed, 'tls.crt') ?? '',
        privateKeyPem: secretText(observed, 'tls.key') ?? '',
      };
  return tlsSecret(metadata, {
    'tls.crt': pair.certificatePem,
    'tls.key': pair.privateKeyPem,
    'ca.crt': authority.bundlePem,
  });
}
