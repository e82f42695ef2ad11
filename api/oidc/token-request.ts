/** Owns what a request to the token endpoint asks for, in the forms of the original (rest-contract §1.9) and of RFC 6749. */
import * as z from 'zod';
import { dataPlaneActions } from '../../core/data-plane/token.ts';
import type { DataPlaneAction } from '../../core/data-plane/token.ts';
import { OAuthError } from './oauth-error.ts';

/** The permission that a token is to carry. */
export interface AuthorizationDetails {
  /** `status.id` of the endpoint: its uid without dashes. */
  readonly endpointId: string;
  readonly actions: readonly DataPlaneAction[];
}

export interface TokenRequest {
  /** By which the caller proves who it is: any token that the gateway takes. */
  readonly credential: string;
  /** Whether the credential was the secret of a client: a refusal is then named after the client. */
  readonly isClientSecret: boolean;
  /** Absent: a token for everything that the credential itself is good for. */
  readonly details: AuthorizationDetails | undefined;
}

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const clientCredentials = 'client_credentials';

export const grantTypes = [jwtBearer, clientCredentials] as const;

const formSchema = z.object({
  grant_type: z.string().optional(),
  assertion: z.string().optional(),
  authorization_details: z.string().optional(),
  client_id: z.string().optional(),
  client_secret: z.string().optional(),
});

/**
 * Returns what is asked for. `form` are the parameters of the body, a text for each; a parameter that comes twice is
 * none (RFC 6749 §3.2).
 *
 * @throws OAuthError that says what is wrong.
 */
export function parseTokenRequest(form: unknown, authorization: string | undefined): TokenRequest {
  const parsed = formSchema.safeParse(form);
  if (!parsed.success) throw new OAuthError('invalid_request', 'send each parameter once, as a form');
  const { grant_type: grantType, assertion, authorization_details: details, ...client } = parsed.data;
  if (grantType === jwtBearer) {
    if (assertion === undefined || assertion === '') {
      throw new OAuthError('invalid_request', 'assertion is missing: send your token there');
    }
    if (details === undefined) throw new OAuthError('invalid_request', 'authorization_details are missing');
    return { credential: assertion, isClientSecret: false, details: parseDetails(details) };
  }
  if (grantType === clientCredentials) {
    const secret = clientSecretOf(authorization) ?? client.client_secret;
    if (secret === undefined || secret === '') {
      throw new OAuthError(
        'invalid_client',
        'the secret of the client is missing: send it by basic authentication',
      );
    }
    return {
      credential: secret,
      isClientSecret: true,
      details: details === undefined ? undefined : parseDetails(details),
    };
  }
  if (grantType === undefined) throw new OAuthError('invalid_request', 'grant_type is missing');
  throw new OAuthError('unsupported_grant_type', `grant_type may be ${grantTypes.join(' or ')}`);
}

/** The password of basic authentication; whoever has encoded it as a form asks for (RFC 6749 §2.3.1) is understood too. */
function clientSecretOf(authorization: string | undefined): string | undefined {
  const [, encoded = ''] = /^basic +(\S+)$/i.exec(authorization ?? '') ?? [];
  const [, secret] = /^[^:]*:(.*)$/s.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? [];
  if (secret?.includes('%') !== true) return secret;
  try {
    return decodeURIComponent(secret);
  } catch {
    // Not encoded: it simply has a percent sign in it.
    return secret;
  }
}

const detailsSchema = z
  .array(
    z.object({
      type: z.literal('workspace_permission'),
      object_type: z.literal('serving-endpoints'),
      object_path: z.string().regex(/^\/serving-endpoints\/[0-9a-f]{32}$/),
      actions: z
        .array(z.enum(Object.keys(dataPlaneActions) as [DataPlaneAction, ...DataPlaneAction[]]))
        .min(1),
    }),
  )
  .length(1);

function parseDetails(text: string): AuthorizationDetails {
  const invalid = new OAuthError(
    'invalid_authorization_details',
    'authorization_details must be a list with one permission: {"type":"workspace_permission","object_type":"serving-endpoints","object_path":"/serving-endpoints/<id>","actions":["query_inference_endpoint"]}',
  );
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw invalid;
  }
  const [permission] = detailsSchema.safeParse(json).data ?? [];
  if (permission === undefined) throw invalid;
  const endpointId = permission.object_path.slice('/serving-endpoints/'.length);
  return { endpointId, actions: [...new Set(permission.actions)] };
}
