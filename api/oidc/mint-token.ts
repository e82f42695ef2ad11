/** Owns the making of a data-plane token. */
import { randomUUID, sign } from 'node:crypto';
import {
  audienceOf,
  dataPlaneAlgorithm,
  dataPlaneTokenMs,
  dataPlaneTokenType,
} from '../../core/data-plane/token.ts';
import type { DataPlaneAction, DataPlaneClaims } from '../../core/data-plane/token.ts';
import type { Principal } from '../../platform/identity/principal.ts';
import type { DataPlaneKeys } from './data-plane-keys.ts';

export interface TokenGrant {
  readonly principal: Principal;
  readonly endpoint: DataPlaneClaims['endpoint'];
  readonly actions: readonly DataPlaneAction[];
}

/** Returns the signed token of a grant; `now` are milliseconds since the epoch. */
export function mintToken(
  { principal, endpoint, actions }: TokenGrant,
  keys: Pick<DataPlaneKeys, 'kid' | 'privateKey'>,
  { issuer, now }: { readonly issuer: string; readonly now: number },
): string {
  const iat = Math.floor(now / 1000);
  const claims: DataPlaneClaims & { iss: string; jti: string } = {
    iss: issuer,
    sub: principal.name,
    groups: [...principal.groups],
    aud: audienceOf(endpoint.uid),
    endpoint,
    actions: [...actions],
    iat,
    exp: iat + dataPlaneTokenMs / 1000,
    jti: randomUUID(),
  };
  const header = { alg: dataPlaneAlgorithm, typ: dataPlaneTokenType, kid: keys.kid };
  const signed = `${encode(header)}.${encode(claims)}`;
  const key = { key: keys.privateKey, dsaEncoding: 'ieee-p1363' } as const;
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}

const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
