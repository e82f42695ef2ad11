/** Owns the exchange of a caller's own token for one of the data plane: who is it, may they, then a token for an hour. */
import { dataPlaneActions, dataPlaneTokenMs } from '../../core/data-plane/token.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import type { Clock } from '../../platform/clock.ts';
import { expiryOf, parseToken } from '../../platform/identity/jwt.ts';
import type { AccessChecker, Principal, TokenChecker } from '../../platform/identity/principal.ts';
import type { DataPlaneKeys } from './data-plane-keys.ts';
import { mintToken } from './mint-token.ts';
import { OAuthError } from './oauth-error.ts';
import type { AuthorizationDetails, TokenRequest } from './token-request.ts';

export interface TokenExchange {
  readonly tokens: TokenChecker;
  readonly access: AccessChecker;
  /** Returns the endpoint with that `status.id`. */
  readonly endpointOf: (id: string) => ServingEndpoint | undefined;
  readonly keys: { readonly current: DataPlaneKeys };
  /** The issuer's name in tokens. */
  readonly issuer: string;
  readonly clock: Clock;
}

export interface TokenAnswer {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  /** Seconds. */
  readonly expires_in: number;
}

/** What gateways and sidecars take in a header: more would be refused where it is used. */
const longestToken = 15 * 1024;

/**
 * Returns the token that is asked for.
 *
 * @throws OAuthError.
 */
export async function exchangeToken(request: TokenRequest, exchange: TokenExchange): Promise<TokenAnswer> {
  const principal = await authenticate(request, exchange);
  if (request.details === undefined) return ownToken(request.credential, exchange.clock);
  const endpoint = await authorise(principal, request.details, exchange);
  const { clock, issuer, keys } = exchange;
  const { actions } = request.details;
  const { name, namespace = '', uid = '' } = endpoint.metadata;
  const grant = { principal, endpoint: { namespace, name, uid }, actions };
  const token = mintToken(grant, keys.current, { issuer, now: clock.now() });
  if (token.length > longestToken) {
    throw new OAuthError(
      'invalid_grant',
      'you are in too many groups for a token to name; use an account in fewer',
    );
  }
  return { access_token: token, token_type: 'Bearer', expires_in: dataPlaneTokenMs / 1000 };
}

async function authenticate(
  { credential, isClientSecret }: TokenRequest,
  { tokens }: TokenExchange,
): Promise<Principal> {
  const { verdict } = await tokens.check(credential);
  if (typeof verdict === 'object') return verdict;
  if (verdict === 'unavailable') throw unavailable();
  throw isClientSecret
    ? new OAuthError('invalid_client', 'the secret of the client is no token that is known here')
    : new OAuthError('invalid_grant', 'the assertion is no token that is known here');
}

/** Whoever may not is not told whether there is such an endpoint. */
async function authorise(
  principal: Principal,
  { endpointId, actions }: AuthorizationDetails,
  { access, endpointOf }: TokenExchange,
): Promise<ServingEndpoint> {
  const denied = new OAuthError(
    'access_denied',
    'the endpoint does not exist, or you lack a permission on it',
  );
  const endpoint = endpointOf(endpointId);
  if (endpoint === undefined) throw denied;
  const { name, namespace = '' } = endpoint.metadata;
  for (const action of actions) {
    const { verdict } = await access.check(principal, dataPlaneActions[action], { namespace, name });
    if (verdict === 'unavailable') throw unavailable();
    if (verdict === 'denied') throw denied;
  }
  if (endpoint.spec.routeOptimized) return endpoint;
  throw new OAuthError(
    'invalid_authorization_details',
    'the endpoint is not route-optimised: send requests to the gateway, with your own token',
  );
}

/** A client that only wants a token for everything has one already: its secret. */
function ownToken(credential: string, clock: Clock): TokenAnswer {
  const parsed = parseToken(credential);
  const expiry = parsed === undefined ? undefined : expiryOf(parsed);
  const leftSeconds =
    expiry === undefined ? Number.POSITIVE_INFINITY : Math.floor((expiry - clock.now()) / 1000);
  const seconds = Math.max(1, Math.min(leftSeconds, dataPlaneTokenMs / 1000));
  return { access_token: credential, token_type: 'Bearer', expires_in: seconds };
}

const unavailable = (): OAuthError =>
  new OAuthError(
    'temporarily_unavailable',
    'tokens and permissions cannot be checked right now; try again soon',
  );
