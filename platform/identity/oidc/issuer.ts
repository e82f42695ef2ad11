/** Owns one OpenID Connect issuer: whether a token is its own and still good, and who it makes its bearer. */
import type * as jose from 'jose';
import type { Clock } from '../../clock.ts';
import { messageOf } from '../../errors.ts';
import type { Logger } from '../../logging.ts';
import type { TokenVerdict } from '../principal.ts';
import type { TokenAuthority } from '../token-checker.ts';
import type { IssuerConfig } from './issuer-config.ts';
import { IssuerKeys } from './issuer-keys.ts';
import type { KeySet } from './issuer-keys.ts';
import { principalOf } from './principal-of.ts';

export interface Issuer extends TokenAuthority {
  stop(): void;
}

/** Loaded when there is an issuer: who has none does not pay for it. */
type Jose = typeof jose;

/** Starts to take tokens of an issuer. */
export function startIssuer(options: {
  readonly issuer: IssuerConfig;
  readonly clock: Clock;
  readonly log: Logger;
}): Issuer {
  const { issuer, clock, log } = options;
  const keys = new IssuerKeys(options);
  const verifier = new Verifier(issuer, clock);
  keys.start();
  return {
    speaksFor: ({ claims }) => claims['iss'] === issuer.url,
    check: async (token) => {
      const known = await keys.current();
      if (known === undefined) return 'unavailable';
      try {
        const verdict = await verifier.verify(token, known);
        if (verdict !== 'unknown key') return verdict;
        const newer = await keys.newer(known);
        const second = newer === undefined ? 'invalid' : await verifier.verify(token, newer);
        return second === 'unknown key' ? 'invalid' : second;
      } catch (error) {
        log.error({ issuer: issuer.url, cause: messageOf(error) }, 'a token could not be checked');
        return 'unavailable';
      }
    },
    stop: () => keys.stop(),
  };
}

class Verifier {
  readonly #issuer: IssuerConfig;
  readonly #clock: Clock;
  /** What is made from a set of keys is made once. */
  readonly #getters = new WeakMap<KeySet, jose.JWTVerifyGetKey>();

  constructor(issuer: IssuerConfig, clock: Clock) {
    this.#issuer = issuer;
    this.#clock = clock;
  }

  async verify(token: string, keys: KeySet): Promise<TokenVerdict | 'unknown key'> {
    const lib = await import('jose');
    const payload = await this.#payloadOf(lib, token, keys);
    if (typeof payload === 'string') return payload;
    const principal = principalOf(payload, this.#issuer);
    return typeof principal === 'string' ? 'invalid' : principal;
  }

  async #payloadOf(
    lib: Jose,
    token: string,
    keys: KeySet,
  ): Promise<jose.JWTPayload | 'invalid' | 'unknown key'> {
    const { url, audiences, algorithms, clockSkewSeconds, usernameClaim } = this.#issuer;
    const options: jose.JWTVerifyOptions = {
      issuer: url,
      audience: audiences,
      algorithms,
      clockTolerance: clockSkewSeconds,
      requiredClaims: ['exp', usernameClaim],
      currentDate: new Date(this.#clock.now()),
    };
    try {
      const { payload } = await lib.jwtVerify(token, this.#getterOf(lib, keys), options);
      return payload;
    } catch (error) {
      if (error instanceof lib.errors.JWKSNoMatchingKey) return 'unknown key';
      if (error instanceof lib.errors.JWKSMultipleMatchingKeys) return tryEach(lib, token, error, options);
      if (error instanceof lib.errors.JOSEError) return 'invalid';
      throw error;
    }
  }

  #getterOf(lib: Jose, keys: KeySet): jose.JWTVerifyGetKey {
    let getter = this.#getters.get(keys);
    if (getter === undefined) {
      getter = lib.createLocalJWKSet(keys);
      this.#getters.set(keys, getter);
    }
    return getter;
  }
}

/** A token that names no key may be signed with any that fits. */
async function tryEach(
  lib: Jose,
  token: string,
  keys: AsyncIterable<jose.CryptoKey>,
  options: jose.JWTVerifyOptions,
): Promise<jose.JWTPayload | 'invalid'> {
  for await (const key of keys) {
    try {
      const { payload } = await lib.jwtVerify(token, key, options);
      return payload;
    } catch (error) {
      if (!(error instanceof lib.errors.JOSEError)) throw error;
    }
  }
  return 'invalid';
}
