/** Owns how requests find a replica: sticky keys, prefix affinity, second attempts, time limits. */
import * as z from 'zod';
import { rules } from './cel.ts';
import { durationPattern } from './workload.ts';

const fieldNamePattern = /^[A-Za-z0-9_.-]+$/;

const stickySchema = z
  .strictObject({
    header: z
      .string()
      .min(1)
      .max(64)
      .regex(fieldNamePattern)
      .optional()
      .describe('A request header whose value is the key, e.g. x-session-id.'),
    cookie: z
      .string()
      .min(1)
      .max(64)
      .regex(fieldNamePattern)
      .optional()
      .describe('A cookie of the request whose value is the key.'),
  })
  .meta(
    rules({
      rule: 'has(self.header) != has(self.cookie)',
      message: 'exactly one of header and cookie must be set',
    }),
  )
  .describe(
    'Requests with the same key get the same served entity, as long as its share does not shrink; requests without a key are split as usual.',
  );

const timeout = (name: string, description: string) =>
  z
    .string()
    .max(32)
    .regex(durationPattern)
    .meta(
      rules({
        rule: "duration(self) >= duration('1s') && duration(self) <= duration('1h')",
        message: `the time limit ${name} must be 1s to 1h, e.g. 10s, 5m`,
      }),
    )
    .optional()
    .describe(description);

export const routingSchema = z
  .strictObject({
    sticky: stickySchema.optional(),
    prefixAffinity: z
      .strictObject({
        enabled: z
          .boolean()
          .default(false)
          .describe(
            'Send prompts that begin alike to the same replica, whose cache of prefixes is warm; an overloaded replica is passed over.',
          ),
      })
      .optional()
      .describe('For language models with a prefix cache; bodies of up to 64 KiB are looked at.'),
    retries: z
      .strictObject({
        attempts: z
          .int()
          .min(0)
          .max(5)
          .optional()
          .describe("Most further attempts of one request; default: the gateway's configuration."),
        serverErrors: z
          .boolean()
          .default(false)
          .describe(
            'The model may be asked the same twice: requests are sent again also when it failed with 500, 502, 503 or 504, or when its connection was lost.',
          ),
      })
      .optional()
      .describe(
        'Further attempts, before any byte of an answer: only with a body of up to 64 KiB, to another replica where there is one, and within a budget.',
      ),
    timeouts: z
      .strictObject({
        total: timeout(
          'total',
          'For a whole request, the time that it is held included. A value above the totalTimeout of the operator restarts replicas, which then get more time to stop.',
        ),
        firstByte: timeout('firstByte', 'Until a replica begins to answer.'),
        idle: timeout('idle', 'Between two bytes of an answer.'),
      })
      .optional()
      .describe("Time limits of a request; default: the gateway's and the operator's configuration."),
  })
  .describe('How requests find a replica. Takes effect without a new config version.');

export type Routing = z.output<typeof routingSchema>;
