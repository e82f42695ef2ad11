/** Owns asking the API server whose an access token is (TokenReview). */
import type { Logger } from '../../platform/logging.ts';
import { messageOf } from '../../platform/errors.ts';
import type { TokenVerdict } from '../../platform/identity/principal.ts';
import type { KubeClient } from '../client.ts';
import { tokenReviews } from '../kinds.ts';

const timeoutMs = 5_000;

/** Returns the API server's verdict; `unavailable` when it cannot be asked, which is logged. */
export async function reviewToken(client: KubeClient, token: string, log: Logger): Promise<TokenVerdict> {
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
