/**
 * Owns the data-plane token: a JWT by which a caller asks one endpoint without passing a gateway. Made by the token
 * endpoint after it has checked the permission, verified offline by gateways and sidecars.
 */
import * as z from 'zod';

/** Its type, explicitly (RFC 8725 §3.11): no other token of whatever issuer can be taken for one. */
export const dataPlaneTokenType = 'fairlead-data-plane+jwt';

/** The one signature that is taken. */
export const dataPlaneAlgorithm = 'ES256';

/** How long a token lives: the time of the original's contract (rest-contract §1.9). */
export const dataPlaneTokenMs = 3_600_000;

/** What a token may allow, in the words of the original; by the verb that its bearer must have. */
export const dataPlaneActions = {
  query_inference_endpoint: 'query',
  manage_inference_endpoint: 'update',
} as const;

export type DataPlaneAction = keyof typeof dataPlaneActions;

/** Returns whom a token is for: one endpoint, and not another one that gets its name later. */
export const audienceOf = (endpointUid: string): string => `serving-endpoint/${endpointUid}`;

/** Claims beyond these are left aside: a token may be newer than its reader. */
export const dataPlaneClaimsSchema = z.object({
  /** Name of the principal. */
  sub: z.string().min(1),
  groups: z.array(z.string()),
  aud: z.string().min(1),
  endpoint: z.object({ namespace: z.string(), name: z.string(), uid: z.string() }),
  actions: z.array(z.string()),
  /** Seconds since the epoch. */
  iat: z.number(),
  exp: z.number(),
});

export type DataPlaneClaims = z.output<typeof dataPlaneClaimsSchema>;

const coordinateSchema = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

/** A public key of P-256 as a JWK (RFC 7518 §6.2); private parts have no place in it. */
export const dataPlaneKeySchema = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: coordinateSchema,
  y: coordinateSchema,
  kid: z.string().min(1),
  alg: z.literal(dataPlaneAlgorithm),
  use: z.literal('sig'),
});

export type DataPlaneKey = z.output<typeof dataPlaneKeySchema>;

/** The keys that are published: a JWKS (RFC 7517 §5). */
export const dataPlaneKeysSchema = z.strictObject({ keys: z.array(dataPlaneKeySchema).max(20) });

/** The key that signs now, as the token endpoint mounts it. */
export const signingKeySchema = z.strictObject({ kid: z.string().min(1), privateKeyPem: z.string().min(1) });

export type SigningKey = z.output<typeof signingKeySchema>;
