/** Owns what a process is told of an OpenID Connect issuer whose tokens it takes. */
import * as z from 'zod';

/** Asymmetric ones only: whoever can verify must not be able to sign. */
const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

const httpsUrl = z.url({ protocol: /^https$/, error: 'must be an https URL' });
const claim = z.string().min(1);

export const issuerSchema = z
  .strictObject({
    url: httpsUrl.describe(
      'The issuer as its tokens name it (`iss`); its keys are found by discovery below it.',
    ),
    audiences: z.array(z.string().min(1)).min(1).describe('A token must be meant for one of them (`aud`).'),
    usernameClaim: claim
      .default('sub')
      .describe('Claim with the name; `email` counts only where `email_verified` is not false.'),
    usernamePrefix: z
      .string()
      .optional()
      .describe('Put before names; default: the URL and `#`, nothing for `email`; `-`: nothing.'),
    groupsClaim: claim.optional().describe('Claim with the groups; without it nobody has any.'),
    groupsPrefix: z.string().default('').describe('Put before groups.'),
    requiredClaims: z
      .record(z.string(), z.string())
      .default({})
      .describe('Claims that a token must have, and their values.'),
    algorithms: z
      .array(z.enum(algorithms))
      .min(1)
      .default(['RS256', 'ES256'])
      .describe('Signatures that are taken.'),
    keysUrl: httpsUrl.optional().describe('Where the keys are (JWKS), for an issuer without discovery.'),
    caFile: z
      .string()
      .min(1)
      .optional()
      .describe('Authorities that vouch for its server (PEM); default: those of the system.'),
    clockSkewSeconds: z.int().min(0).max(300).default(30).describe('By how much clocks may differ.'),
    keysRefreshSeconds: z
      .int()
      .min(10)
      .max(86_400)
      .default(600)
      .describe('How often its keys are fetched anew; a token of an unknown key brings it forward.'),
  })
  .describe('An OpenID Connect issuer.');

export const issuersSchema = z
  .array(issuerSchema)
  .refine((issuers) => new Set(issuers.map(({ url }) => url)).size === issuers.length, {
    message: 'each issuer may be named once',
  })
  .default([])
  .describe(
    'OpenID Connect issuers whose tokens are verified here; tokens of all others are for the API server to judge.',
  );

export type IssuerConfig = z.output<typeof issuerSchema>;
