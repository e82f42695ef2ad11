/** Owns who may call how much, and what the AI gateway does with requests: limits, guardrails, fallback, logs. */
import * as z from 'zod';
import { rules } from './cel.ts';

const rateLimitKeys = ['endpoint', 'user', 'userGroup', 'servicePrincipal'] as const;

export const rateLimitSchema = z
  .strictObject({
    key: z.enum(rateLimitKeys).default('endpoint').describe('Whose calls are counted together.'),
    principal: z
      .string()
      .min(1)
      .max(253)
      .optional()
      .describe('One user, group or service principal in particular; default: each of them by itself.'),
    calls: z
      .int()
      .min(0)
      .max(1_000_000_000)
      .optional()
      .describe('Calls per period; 0 disables the endpoint for them.'),
    tokens: z.int().min(0).max(1_000_000_000_000).optional().describe('Tokens per period.'),
    renewalPeriod: z.enum(['minute']).default('minute').describe('Length of the period.'),
  })
  .meta(
    rules(
      { rule: 'has(self.calls) || has(self.tokens)', message: 'a rate limit must set calls, tokens or both' },
      {
        rule: "!has(self.principal) || self.key != 'endpoint'",
        message: 'principal needs key user, userGroup or servicePrincipal',
      },
    ),
  )
  .describe('A limit on calls or tokens.');

export type RateLimit = z.output<typeof rateLimitSchema>;

const piiSchema = z.strictObject({
  behavior: z.enum(['NONE', 'BLOCK', 'MASK']).describe('What happens with personal data that is found.'),
});

const guardrailSchema = z
  .strictObject({
    safety: z.boolean().optional().describe('Refuse unsafe content.'),
    pii: piiSchema.optional().describe('Personal data.'),
    invalidKeywords: z
      .array(z.string().min(1).max(256))
      .max(256)
      .optional()
      .describe('Words that are refused.'),
    validTopics: z
      .array(z.string().min(1).max(256))
      .max(256)
      .optional()
      .describe('Topics that alone are allowed.'),
  })
  .describe('Checks of one direction.');

export const aiGatewaySchema = z
  .strictObject({
    guardrails: z
      .strictObject({
        input: guardrailSchema.optional().describe('Checks of requests.'),
        output: guardrailSchema.optional().describe('Checks of answers.'),
      })
      .optional()
      .describe('Content that is refused or masked.'),
    fallback: z
      .strictObject({
        enabled: z
          .boolean()
          .default(false)
          .describe(
            'When an entity has failed, cannot be reached, or answers 429 or 5xx, try the others in their order, two at most.',
          ),
      })
      .optional()
      .describe('What happens when an entity does not answer.'),
    usageTracking: z
      .strictObject({ enabled: z.boolean().default(false).describe('Record usage of each request.') })
      .optional()
      .describe('Who used how many tokens.'),
    inferenceTable: z
      .looseObject({
        enabled: z.boolean().default(false).describe('Log payloads.'),
        samplingFraction: z
          .number()
          .min(0)
          .max(1)
          .optional()
          .describe('Share of the requests that is logged.'),
      })
      .optional()
      .describe('A table of requests and answers.'),
  })
  .describe('What the AI gateway does with requests and answers.');
