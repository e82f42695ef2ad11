/** Owns who the API server's aggregator is: by the request-header CA that the cluster publishes. */
import type { Informer } from '../../kube/informer.ts';
import type { ConfigMap } from '../../kube/kinds.ts';
import type { PeerCertificate } from 'node:tls';

export const frontProxyConfigMap = { namespace: 'kube-system', name: 'extension-apiserver-authentication' };

export interface FrontProxy {
  /** The CA that signs the aggregator's client certificates, PEM. */
  readonly caPem: string;
  /** Common names that are accepted; empty: every certificate of that CA. */
  readonly allowedNames: readonly string[];
}

/** Returns what a cluster publishes about its aggregator; undefined where it publishes nothing. */
export function parseFrontProxy(configMap: ConfigMap | undefined): FrontProxy | undefined {
  const caPem = configMap?.data?.['requestheader-client-ca-file'];
  if (caPem === undefined || caPem === '') return undefined;
  return { caPem, allowedNames: parseNames(configMap?.data?.['requestheader-allowed-names']) };
}

function parseNames(text: string | undefined): string[] {
  if (text === undefined || text === '') return [];
  const parsed: unknown = JSON.parse(text);
  return Array.isArray(parsed) ? parsed.filter((name) => typeof name === 'string') : [];
}

/** Returns whether a certificate that the front proxy's CA has signed may speak for the aggregator. */
export function isAllowedName(frontProxy: FrontProxy, certificate: PeerCertificate): boolean {
  const { allowedNames } = frontProxy;
  // Types say that a peer always has a subject; without a certificate it has none.
  const name = (certificate as Partial<PeerCertificate>).subject?.CN;
  return allowedNames.length === 0 || (typeof name === 'string' && allowedNames.includes(name));
}

/** Returns a function that tells the newest front proxy, from a watch on the one ConfigMap. */
export const followFrontProxy =
  (informer: Pick<Informer<ConfigMap>, 'store'>): (() => FrontProxy | undefined) =>
  () =>
    parseFrontProxy(informer.store.get(`${frontProxyConfigMap.namespace}/${frontProxyConfigMap.name}`));
