/** Owns checking access tokens with the API server (TokenReview). Tokens are kept as hashes only. */
import { hash } from 'node:crypto';
import { tokenReviews } from '../../kube/kinds.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Clock } from '../../platform/clock.ts';
import { messageOf } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logging.ts';
import type { TokenChecker, TokenVerdict } from '../stages/authenticate/authenticate.ts';
import { VerdictCache } from './verdict-cache.ts';

const timeoutMs = 5_000;
/** Longer ones are no tokens, and would only cost the API server work. */
const maxTokenLength = 16 * 1024;

/**
 * Returns a checker. While the API server is away, remembered verdicts hold for the rest of their time and every other
 * token is `unavailable`: nobody is let in unchecked.
 */
export function makeTokenReviewChecker(options: {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Logger;
  readonly acceptedTtlMs: number;
  readonly refusedTtlMs: number;
  readonly max: number;
}): TokenChecker {
  const { client, clock, log } = options;
  const cache = new VerdictCache<TokenVerdict>({
    max: options.max,
    clock,
    isRefusal: (verdict) => verdict === 'invalid',
    ttlMs: (verdict) => {
      if (verdict === 'unavailable') return 0;
      return verdict === 'invalid' ? options.refusedTtlMs : options.acceptedTtlMs;
    },
  });
  return {
    check: (token) => {
      if (token.length > maxTokenLength) return 'invalid';
      return cache.get(hash('sha256', token, 'base64'), () => review(client, token, log));
    },
  };
}

async function review(client: KubeClient, token: string, log: Logger): Promise<TokenVerdict> {
  try {
    const { status } = await client.create(
      tokenReviews,
      { spec: { token } },
      { timeoutMs, repeatable: true },
    );
    const name = status?.user?.username;
    if (status?.authenticated !== true || name === undefined || name === '') return 'invalid';
    return { name, groups: status.user?.groups ?? [] };
  } catch (error) {
    log.warn({ cause: messageOf(error) }, 'token review failed');
    return 'unavailable';
  }
}
