/** Owns verifying data-plane tokens offline, against published keys; those that are good are remembered for a while. */
import { createPublicKey, hash, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import {
  audienceOf,
  dataPlaneAlgorithm,
  dataPlaneClaimsSchema,
  dataPlaneTokenType,
} from '../../core/data-plane/token.ts';
import type { DataPlaneKey } from '../../core/data-plane/token.ts';
import { parseToken } from '../../platform/identity/jwt.ts';
import type { UnverifiedToken } from '../../platform/identity/jwt.ts';
import type { EndpointGrant, Principal } from '../../platform/identity/principal.ts';

/** Whoever shows a token that is good. */
export interface DirectCaller extends Principal {
  readonly grant: EndpointGrant;
  /** Milliseconds since the epoch from which on the token is good no longer. */
  readonly until: number;
}

/** By how much the clocks of those who sign and those who verify may differ. */
const clockSkewMs = 30_000;
const maxTokenLength = 16 * 1024;
/** Tokens that are remembered: some 200 bytes each. */
const mostKnown = 4_096;
const signatureBytes = 64;

/** Whether a token says of itself that it is one. */
export const isDataPlaneToken = ({ header }: UnverifiedToken): boolean =>
  header['typ'] === dataPlaneTokenType;

export class DataPlaneTokens {
  readonly #now: () => number;
  readonly #known = new Map<string, DirectCaller>();
  #ring: ReadonlyMap<string, KeyObject> = new Map();

  /** `now` tells milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Takes `keys` as all that there are: what was verified with others is verified anew. */
  setKeys(keys: readonly DataPlaneKey[]): void {
    this.#known.clear();
    this.#ring = new Map(keys.map(({ kid, kty, crv, x, y }) => [kid, keyOf({ kty, crv, x, y })]));
  }

  /** Returns whose `token` is; undefined when it is not good. */
  check(token: string): DirectCaller | undefined {
    if (token.length > maxTokenLength) return undefined;
    const key = hash('sha256', token, 'base64');
    const known = this.#known.get(key);
    if (known !== undefined && known.until > this.#now()) return known;
    const caller = this.#verify(token);
    if (caller === undefined) this.#known.delete(key);
    else this.#remember(key, caller);
    return caller;
  }

  #remember(key: string, caller: DirectCaller): void {
    if (this.#known.size >= mostKnown) {
      const [oldest] = this.#known.keys();
      if (oldest !== undefined) this.#known.delete(oldest);
    }
    this.#known.set(key, caller);
  }

  #verify(token: string): DirectCaller | undefined {
    const parsed = parseToken(token);
    if (parsed === undefined || !isDataPlaneToken(parsed)) return undefined;
    const { alg, kid, crit } = parsed.header;
    // The algorithm is ours to choose; an extension that nobody here understands makes a token mean something else.
    if (alg !== dataPlaneAlgorithm || typeof kid !== 'string' || crit !== undefined) return undefined;
    const key = this.#ring.get(kid);
    if (key === undefined || !isSignedBy(key, parsed)) return undefined;
    return this.#callerOf(parsed);
  }

  #callerOf(token: UnverifiedToken): DirectCaller | undefined {
    const { data: claims } = dataPlaneClaimsSchema.safeParse(token.claims);
    if (claims?.aud !== audienceOf(claims?.endpoint.uid ?? '')) return undefined;
    const now = this.#now();
    const until = claims.exp * 1000 + clockSkewMs;
    if (until <= now || claims.iat * 1000 > now + clockSkewMs) return undefined;
    const { sub: name, groups, actions, endpoint } = claims;
    return { name, groups, grant: { endpointUid: endpoint.uid, actions }, until };
  }
}

function isSignedBy(key: KeyObject, { signed, signature }: UnverifiedToken): boolean {
  if (signature.length !== signatureBytes) return false;
  return verify('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }, signature);
}

const keyOf = (jwk: Pick<DataPlaneKey, 'kty' | 'crv' | 'x' | 'y'>): KeyObject =>
  createPublicKey({ key: jwk, format: 'jwk' });

/** Returns whether a grant allows to query the endpoint. */
export const allowsQuery = (grant: EndpointGrant, endpointUid: string): boolean =>
  grant.endpointUid === endpointUid && grant.actions.includes('query_inference_endpoint');
