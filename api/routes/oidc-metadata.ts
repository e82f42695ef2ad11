/** Owns what clients look up before they ask for a token: where, how, and with which keys tokens are verified. */
import { Router } from 'express';
import { dataPlaneAlgorithm } from '../../core/data-plane/token.ts';
import type { DataPlaneKeys } from '../oidc/data-plane-keys.ts';
import { grantTypes } from '../oidc/token-request.ts';

/** Returns the routes; `publicUrl` is where users reach the gateway. */
export function makeMetadataRoutes(options: {
  readonly publicUrl: string;
  readonly keys: { readonly current: DataPlaneKeys };
}): Router {
  const { publicUrl, keys } = options;
  const router = Router();
  const issuer = issuerOf(publicUrl);
  const metadata = {
    issuer,
    authorization_endpoint: `${issuer}/v1/authorize`,
    token_endpoint: `${issuer}/v1/token`,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    grant_types_supported: grantTypes,
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    authorization_details_types_supported: ['workspace_permission'],
    response_types_supported: [],
    scopes_supported: ['all-apis'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [dataPlaneAlgorithm],
  };
  router.get(
    ['/oidc/.well-known/oauth-authorization-server', '/oidc/.well-known/openid-configuration'],
    (_request, response) => void response.json(metadata),
  );
  router.get('/oidc/.well-known/jwks.json', (_request, response) => {
    response.set('cache-control', 'max-age=60').json(keys.current.published);
  });
  router.get('/.well-known/databricks-config', (_request, response) => {
    response.json({ oidc_endpoint: issuer });
  });
  return router;
}

/** Returns the name of the issuer of data-plane tokens. */
export const issuerOf = (publicUrl: string): string => `${publicUrl.replace(/\/+$/, '')}/oidc`;
