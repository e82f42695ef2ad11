/** Owns what a process is told of how it knows its callers: the same fields in each that serves some. */
import * as z from 'zod';
import { issuersSchema } from './oidc/issuer-config.ts';

const ttlSchema = z.int().min(0).max(60_000);

export const identitySettings = {
  authenticationTtlMs: ttlSchema
    .default(10_000)
    .describe('How long a token that was accepted is not checked again.'),
  refusalTtlMs: ttlSchema
    .default(2_000)
    .describe('How long a refused token or permission is not checked again.'),
  authorisationTtlMs: ttlSchema
    .default(10_000)
    .describe('How long a permission that was granted is not checked again.'),
  cachedVerdicts: z.int().min(1).default(10_000).describe('Most tokens, and most permissions, remembered.'),
  reviewsAtOneTime: z
    .int()
    .min(1)
    .default(500)
    .describe('Most tokens, and most permissions, that are being checked; what is more gets 503.'),
  issuers: issuersSchema,
};

export type IdentitySettings = z.output<z.ZodObject<typeof identitySettings>>;
