/** Owns whom a process asks who a caller is and what it may: issuers that it knows, else the API server. */
import type { Clock } from '../../platform/clock.ts';
import type { IdentitySettings } from '../../platform/identity/identity-settings.ts';
import { startIssuer } from '../../platform/identity/oidc/issuer.ts';
import type { AccessChecker, TokenChecker } from '../../platform/identity/principal.ts';
import { makeTokenChecker } from '../../platform/identity/token-checker.ts';
import type { TokenAuthority } from '../../platform/identity/token-checker.ts';
import type { Logger } from '../../platform/logging.ts';
import type { KubeClient } from '../client.ts';
import { makeAccessReviewChecker } from './access-review.ts';
import { reviewToken } from './token-review.ts';

export interface Identity {
  readonly tokens: TokenChecker;
  readonly access: AccessChecker;
  stop(): void;
}

/** Starts what is needed to know callers. */
export function startIdentity(options: {
  readonly config: IdentitySettings;
  /** Who decides on tokens before any issuer is asked. */
  readonly authorities?: readonly TokenAuthority[];
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
}): Identity {
  const { config, authorities = [], client, clock, log } = options;
  const issuers = config.issuers.map((issuer) => startIssuer({ issuer, clock, log }));
  const bounds = { clock, max: config.cachedVerdicts, maxAsked: config.reviewsAtOneTime };
  return {
    tokens: makeTokenChecker({
      ...bounds,
      authorities: [...authorities, ...issuers],
      otherwise: (token) => reviewToken(client, token, log),
      acceptedTtlMs: config.authenticationTtlMs,
      refusedTtlMs: config.refusalTtlMs,
    }),
    access: makeAccessReviewChecker({
      ...bounds,
      client,
      log,
      allowedTtlMs: config.authorisationTtlMs,
      deniedTtlMs: config.refusalTtlMs,
    }),
    stop: () => {
      for (const issuer of issuers) issuer.stop();
    },
  };
}
