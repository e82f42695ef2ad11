/** Owns what a gateway is told of the store that counts limits for all replicas together. */
import * as z from 'zod';

export const limitStoreSchema = z
  .strictObject({
    url: z
      .url({ protocol: /^rediss?$/ })
      .describe('Address of a Redis or Valkey server, `redis://host:6379/0`; `rediss://` with TLS.'),
    cluster: z
      .boolean()
      .default(false)
      .describe(
        'Whether the address is that of a Redis or Valkey cluster, whose nodes are found from there.',
      ),
    username: z.string().min(1).optional().describe('User of the server; without it the default one.'),
    passwordFile: z
      .string()
      .min(1)
      .optional()
      .describe('File that holds the password; read again at each connection.'),
    caFile: z
      .string()
      .min(1)
      .optional()
      .describe('File of the authority that has signed its certificate, where the system does not know it.'),
    timeoutMs: z
      .int()
      .min(1)
      .max(1_000)
      .default(25)
      .describe('How long a request waits for the store before it is decided without it.'),
    connectTimeoutMs: z.int().min(100).default(2_000).describe('For a connection to the store.'),
    keyPrefix: z.string().max(128).default('fairlead:').describe('What the names of all keys begin with.'),
  })
  .describe(
    'A store in which limits are counted exactly, for all replicas together; without it each has a share.',
  );

export type LimitStoreConfig = z.output<typeof limitStoreSchema>;
