/** Owns the kubeconfigs of the control plane's own parts and of its administrator. */
import { apiPort, nodeAddress } from './addresses.ts';
import type { IdentityName, Pki } from './pki.ts';

const apiUrl = `https://${nodeAddress}:${apiPort}`;

/** Returns a kubeconfig (JSON is YAML) by which `identity` reaches the API server, everything in the one file. */
export function makeKubeconfig(
  pki: Pick<Pki, 'authorityPem' | 'certificates'>,
  identity: IdentityName,
): string {
  const { certificatePem, privateKeyPem } = pki.certificates[identity];
  const cluster = { server: apiUrl, 'certificate-authority-data': base64(pki.authorityPem) };
  const user = {
    'client-certificate-data': base64(certificatePem),
    'client-key-data': base64(privateKeyPem),
  };
  const context = { cluster: 'fairlead', user: identity, namespace: 'default' };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'fairlead', cluster }],
    users: [{ name: identity, user }],
    contexts: [{ name: 'fairlead', context }],
    'current-context': 'fairlead',
  };
  return JSON.stringify(config, undefined, 2);
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
