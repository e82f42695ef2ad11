/** Owns the certificate that the sidecars of one endpoint share: `<endpoint>-sidecar-tls` beside the endpoint. */
import type { X509Certificate } from 'node:crypto';
import { endpointIdentity } from '../../platform/tls/identity.ts';
import { secrets } from '../../kube/kinds.ts';
import type { Secret } from '../../kube/kinds.ts';
import { isOwned } from '../children/check-child.ts';
import type { Child } from '../children/apply-child.ts';
import { controllerUid } from '../ownership.ts';
import { endpointLabels, sidecarSecretName } from '../serving-endpoint/names.ts';
import { ownerReference } from '../serving-endpoint/resources/owner.ts';
import type { EndpointIdentity } from '../serving-endpoint/resources/owner.ts';
import type { Authority } from './authority.ts';
import { renewalTime } from './check-certificate.ts';
import type { CertificateWish } from './check-certificate.ts';
import { parseCertificate } from './parsed-certificate.ts';
import { checkTlsSecret, makeTlsSecret, secretText } from './tls-secret.ts';

export interface SidecarCertificateInput {
  readonly endpoint: EndpointIdentity;
  readonly observed: Secret | undefined;
  readonly authority: Authority;
  readonly trustDomain: string;
  /** By which callers reach the sidecars themselves. */
  readonly dnsNames: readonly string[];
  readonly now: number;
}

/** Returns the Secret to apply; undefined while the one there is good. */
export async function makeSidecarCertificate(
  input: SidecarCertificateInput,
): Promise<Child<Secret> | undefined> {
  const { endpoint, observed, authority, trustDomain, dnsNames, now } = input;
  const wish: CertificateWish = {
    commonName: 'fairlead sidecar',
    ...(dnsNames.length === 0 ? {} : { dnsNames }),
    uris: [endpointIdentity(trustDomain, endpoint.namespace, endpoint.name)],
    usages: ['server', 'client'],
  };
  const metadata = {
    name: sidecarSecretName(endpoint.name),
    namespace: endpoint.namespace,
    labels: endpointLabels(endpoint.name),
    ownerReferences: [ownerReference(endpoint)],
  };
  const isForeign = observed !== undefined && !isOwned({ metadata }, observed);
  const problem = checkTlsSecret(isForeign ? undefined : observed, { authority, wish, now });
  if (problem === undefined) return undefined;
  const wanted = await makeTlsSecret(metadata, observed, { authority, wish, issue: problem.issue });
  return { kind: secrets, wanted, observed };
}

/** Returns whether sidecars can work with the certificate of a Secret: it is the endpoint's own and has not expired. */
export function isUsable(secret: Secret | undefined, endpoint: EndpointIdentity, now: number): boolean {
  const certificate = ownCertificate(secret, endpoint);
  return certificate !== undefined && now < certificate.validToDate.getTime();
}

/** Returns in how many milliseconds the endpoint's own certificate is due for renewal; undefined where there is none. */
export function renewalInMs(
  secret: Secret | undefined,
  endpoint: EndpointIdentity,
  now: number,
): number | undefined {
  const certificate = ownCertificate(secret, endpoint);
  return certificate === undefined ? undefined : Math.max(1_000, renewalTime(certificate) - now);
}

function ownCertificate(secret: Secret | undefined, endpoint: EndpointIdentity): X509Certificate | undefined {
  const pem = secretText(secret, 'tls.crt');
  if (secret === undefined || pem === undefined || controllerUid(secret) !== endpoint.uid) return undefined;
  try {
    return parseCertificate(pem);
  } catch {
    // Damaged by somebody: it is issued anew for that.
    return undefined;
  }
}
