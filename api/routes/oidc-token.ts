/** Owns `POST /oidc/v1/token`. */
import { Router, urlencoded } from 'express';
import type { NextFunction, Request, Response } from 'express';
import type { Logger } from '../../platform/logging.ts';
import { exchangeToken } from '../oidc/exchange-token.ts';
import type { TokenExchange } from '../oidc/exchange-token.ts';
import { OAuthError } from '../oidc/oauth-error.ts';
import { parseTokenRequest } from '../oidc/token-request.ts';

const maxFormBytes = 64 * 1024;

/** Returns the routes of the token endpoint. */
export function makeTokenRoutes(exchange: TokenExchange, log: Logger): Router {
  const router = Router();
  const form = urlencoded({ extended: false, limit: maxFormBytes, parameterLimit: 20 });
  router.post('/oidc/v1/token', form, async (request, response) => {
    const asked = parseTokenRequest(request.body, request.headers.authorization);
    send(response, 200, await exchangeToken(asked, exchange));
  });
  // Interactive log-in is for the issuers that callers have already; clients want to see the address all the same.
  router.get('/oidc/v1/authorize', () => {
    throw new OAuthError(
      'invalid_request',
      'nobody logs in here; use a token of your own issuer or of Kubernetes',
    );
  });
  router.use('/oidc', (error: unknown, _request: Request, response: Response, next: NextFunction) => {
    if (response.headersSent) next(error);
    else refuse(response, error, log);
  });
  return router;
}

function refuse(response: Response, error: unknown, log: Logger): void {
  const refusal = oauthErrorOf(error);
  if (refusal.error === 'server_error') log.error({ error }, 'the token endpoint failed');
  if (refusal.error === 'invalid_client') response.set('www-authenticate', 'Basic realm="fairlead"');
  if (refusal.error === 'temporarily_unavailable') response.set('retry-after', '2');
  send(response, refusal.status, { error: refusal.error, error_description: refusal.message });
}

function oauthErrorOf(error: unknown): OAuthError {
  if (error instanceof OAuthError) return error;
  const { status } = error as { status?: unknown };
  // The form could not be read: too long, or no form.
  if (typeof status === 'number' && status < 500) {
    return new OAuthError('invalid_request', 'the body is no form, or it is too long');
  }
  return new OAuthError('server_error', 'the request failed');
}

/** Nobody on the way is to keep a token (RFC 6749 §5.1). */
const send = (response: Response, status: number, body: object): void => {
  response.status(status).set({ 'cache-control': 'no-store', pragma: 'no-cache' }).json(body);
};
