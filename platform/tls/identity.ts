/** Owns who a TLS peer is: SPIFFE-style identities in certificates, how they are written and how they are checked. */
import type { PeerCertificate } from 'node:tls';

/** Returns the identity of a workload by its service account, as SPIFFE writes it. */
export function serviceAccountIdentity(
  trustDomain: string,
  namespace: string,
  serviceAccount: string,
): string {
  return `spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}`;
}

/** Returns the identity that all sidecars of one ServingEndpoint share. */
export function endpointIdentity(trustDomain: string, namespace: string, endpoint: string): string {
  return `spiffe://${trustDomain}/ns/${namespace}/endpoint/${endpoint}`;
}

/** Returns the SPIFFE identities that a verified peer certificate carries. */
export function identitiesOf(certificate: Pick<PeerCertificate, 'subjectaltname'>): string[] {
  return (certificate.subjectaltname ?? '')
    .split(', ')
    .filter((name) => name.startsWith('URI:spiffe://'))
    .map((name) => name.slice('URI:'.length));
}

/**
 * Returns a `checkServerIdentity` for node:tls that accepts exactly the peer with `identity`; pods are dialled by
 * address, so their names say nothing.
 */
export function acceptOnlyIdentity(
  identity: string,
): (host: string, certificate: PeerCertificate) => Error | undefined {
  return (host, certificate) => {
    const identities = identitiesOf(certificate);
    if (identities.includes(identity)) return undefined;
    return new Error(`the peer at ${host} is ${identities.join(', ') || 'nobody we know'}, not ${identity}`);
  };
}
