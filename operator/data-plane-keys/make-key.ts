/** Owns the making of a key pair for data-plane tokens. */
import { generateKeyPairSync, hash } from 'node:crypto';
import { dataPlaneAlgorithm, dataPlaneKeySchema } from '../../core/data-plane/token.ts';
import type { KeyPair } from './key-state.ts';

/** Returns a new pair; the key's name is its thumbprint (RFC 7638). */
export function makeKey(): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' });
  const kid = hash('sha256', JSON.stringify({ crv, kty, x, y }), 'base64url');
  return {
    publicKey: dataPlaneKeySchema.parse({ kty, crv, x, y, kid, alg: dataPlaneAlgorithm, use: 'sig' }),
    privateKeyPem: privateKey.export({ format: 'pem', type: 'pkcs8' }),
  };
}
