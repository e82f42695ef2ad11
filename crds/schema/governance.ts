/** Owns who may call how much, and what the AI gateway does with requests: limits, guardrails, fallback, logs. */
import * as z from 'zod';
import { atomicList, rules } from './cel.ts';

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
    tokens: z
      .int()
      .min(0)
      .max(1_000_000_000_000)
      .optional()
      .describe('Tokens per period, of requests and answers together; 0 disables the endpoint for them.'),
    renewalPeriod: z
      .enum(['minute'])
      .default('minute')
      .describe('Length of the period; it begins with each minute of the wall clock.'),
    smoothing: z
      .strictObject({
        burstSeconds: z
          .int()
          .min(1)
          .max(60)
          .default(1)
          .describe(
            'As much may come at once as the limit grants in this many seconds, and one call at least.',
          ),
      })
      .optional()
      .describe(
        'Spreads the limit evenly over time: in no minute, whenever it begins, more than the limit and one burst.',
      ),
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

/** The endpoint's limits; the bounds are those of the original. */
export const rateLimitsSchema = z
  .array(rateLimitSchema)
  .max(20)
  .meta({
    ...atomicList,
    ...rules({
      rule: "self.filter(l, l.key == 'userGroup').size() <= 5",
      message: 'at most 5 rate limits may be those of groups: remove some, or limit users',
    }),
  })
  .describe('Limits on calls and tokens; each binds by itself, and the stricter one wins.');

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

/** A part of a table's name; it becomes part of a path. */
const tableNamePart = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[A-Za-z0-9_-]+$/);

const isUnchanged = (field: string): string =>
  `has(self.${field}) == has(oldSelf.${field}) && (!has(self.${field}) || self.${field} == oldSelf.${field})`;

const inferenceTableSchema = z
  .looseObject({
    enabled: z.boolean().default(false).describe('Log requests and answers.'),
    samplingFraction: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .describe('Share of the requests that is logged; default: all.'),
    catalogName: tableNamePart.optional().describe('Catalog of the table.'),
    schemaName: tableNamePart.optional().describe('Schema of the table.'),
    tableNamePrefix: tableNamePart
      .optional()
      .describe('The table is called <prefix>_payload; default: the public name of the endpoint.'),
    lossless: z
      .boolean()
      .default(false)
      .describe('Let requests wait while their log has no room; default: the log is dropped, and counted.'),
  })
  .meta(
    rules({
      rule: `!self.enabled || !oldSelf.enabled || (${['catalogName', 'schemaName', 'tableNamePrefix'].map(isUnchanged).join(' && ')})`,
      message:
        'catalogName, schemaName and tableNamePrefix cannot change while the table is enabled: disable it first',
    }),
  )
  .describe('A table of requests and answers.');

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
    inferenceTable: inferenceTableSchema.optional(),
  })
  .describe('What the AI gateway does with requests and answers.');
