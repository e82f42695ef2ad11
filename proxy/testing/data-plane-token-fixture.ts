/** Owns keys and tokens of the data plane for tests, signed as the token endpoint signs them. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { mintToken } from '../../api/oidc/mint-token.ts';
import { dataPlaneKeySchema } from '../../core/data-plane/token.ts';
import type { DataPlaneKey } from '../../core/data-plane/token.ts';
import { parseToken } from '../../platform/identity/jwt.ts';

export interface TestDataPlaneKey {
  readonly publicKey: DataPlaneKey;
  /** Returns a token of alice for `team-a/wine`; `change` is laid over its header and claims, `now` is when it is made. */
  mint(change?: TokenChange): string;
}

export interface TokenChange {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Milliseconds since the epoch. */
  readonly now?: number;
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export function makeDataPlaneKey(kid: string): TestDataPlaneKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const { x, y } = publicKey.export({ format: 'jwk' });
  return {
    publicKey: dataPlaneKeySchema.parse({ kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' }),
    mint: ({ header, claims, now = Date.now() } = {}) => {
      const token = mintToken(
        {
          principal: { name: 'alice', groups: ['tasters'] },
          endpoint: { namespace: 'team-a', name: 'wine', uid: 'u-1' },
          actions: ['query_inference_endpoint'],
        },
        { kid, privateKey },
        { issuer: 'https://models.example/oidc', now },
      );
      if (header === undefined && claims === undefined) return token;
      const parsed = parseToken(token);
      const signed = `${encode({ ...parsed?.header, ...header })}.${encode({ ...parsed?.claims, ...claims })}`;
      const key = { key: privateKey, dsaEncoding: 'ieee-p1363' } as const;
      return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
    },
  };
}
