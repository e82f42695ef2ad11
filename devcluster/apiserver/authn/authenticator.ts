/** Owns who a request is from: the admin token, a service account's token, or nobody. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { UserInfo } from '../pipeline/request-context.ts';
import { tokenIssuer } from './token-issuer.ts';
import type { TokenIssuer, VerifiedToken } from './token-issuer.ts';

export interface Authenticator {
  /** Returns who bears the token, for this API server; undefined for nobody. */
  authenticate(token: string): Promise<UserInfo | undefined>;
  /** Returns who bears the token, and for which of `audiences` it is meant (this server's own where none are given). */
  review(token: string, audiences: readonly string[]): Promise<VerifiedToken | undefined>;
}

const admin: UserInfo = { username: 'admin', groups: ['system:masters', 'system:authenticated'] };

export function makeAuthenticator(adminToken: string, issuer: TokenIssuer): Authenticator {
  const adminDigest = digest(adminToken);
  const review: Authenticator['review'] = async (token, audiences) => {
    const wanted = audiences.length === 0 ? [tokenIssuer] : audiences;
    if (timingSafeEqual(digest(token), adminDigest)) return { user: admin, audiences: wanted };
    const verified = await issuer.verify(token);
    const common = verified?.audiences.filter((audience) => wanted.includes(audience)) ?? [];
    return verified === undefined || common.length === 0 ? undefined : { ...verified, audiences: common };
  };
  return { review, authenticate: async (token) => (await review(token, []))?.user };
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Returns the token of an `Authorization: Bearer …` header; undefined for no or another header. */
export function bearerTokenOf(header: string | undefined): string | undefined {
  return /^Bearer\s+(\S+)$/i.exec(header ?? '')?.[1];
}
