/** Owns who a caller is and what it may, in the words that all processes share which serve callers. */
import type { Ruling } from './verdict-cache.ts';

export interface Principal {
  readonly name: string;
  readonly groups: readonly string[];
  /** What a token of the data plane allows, which is then all that its bearer may. */
  readonly grant?: EndpointGrant;
}

/** A permission on one endpoint that was checked when it was given. */
export interface EndpointGrant {
  /** metadata.uid. */
  readonly endpointUid: string;
  /** `dataPlaneActions`. */
  readonly actions: readonly string[];
}

/** What became of the check of a token. `unavailable`: nobody could say. */
export type TokenVerdict = Principal | 'invalid' | 'unavailable';

/** Checks tokens; answers at once what it knows already, so that the usual request waits for nothing. */
export interface TokenChecker {
  check(token: string): Ruling<TokenVerdict> | Promise<Ruling<TokenVerdict>>;
}

export interface EndpointRef {
  readonly namespace: string;
  /** metadata.name. */
  readonly name: string;
}

/** `query`: send it requests. `update`: manage it. */
export type EndpointVerb = 'query' | 'update';

export type AccessVerdict = 'allowed' | 'denied' | 'unavailable';

/** Checks permissions; answers at once what it knows already. */
export interface AccessChecker {
  check(
    principal: Principal,
    verb: EndpointVerb,
    endpoint: EndpointRef,
  ): Ruling<AccessVerdict> | Promise<Ruling<AccessVerdict>>;
}
