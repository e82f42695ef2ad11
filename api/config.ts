/** Owns what the api process is told at its start. */
import * as z from 'zod';
import { identitySettings } from '../platform/identity/identity-settings.ts';
import { logLevels } from '../platform/logging.ts';

const portSchema = z.int().min(0).max(65535);

export const apiConfigSchema = z.object({
  host: z.string().default('0.0.0.0').describe('Address to listen on.'),
  port: portSchema.default(8443).describe('The port that gateways ask (mTLS); 0 takes a free one.'),
  adminPort: portSchema.default(9090).describe('Admin port; 0 takes a free one.'),
  logLevel: z.enum(logLevels).default('info').describe('Least level that is logged.'),
  publicUrl: z
    .url()
    .default('http://fairlead-gateway.fairlead-system.svc')
    .describe('Where users reach the gateway; the URLs that are told begin with it.'),
  systemNamespace: z.string().min(1).default('fairlead-system').describe('Where Fairlead itself runs.'),
  trustDomain: z.string().min(1).default('cluster.local').describe('Trust domain of the mTLS identities.'),
  serviceAccountDir: z.string().optional().describe("Where the pod's ServiceAccount is mounted."),
  kubeconfig: z.string().optional().describe('A kubeconfig to use in place of the ServiceAccount.'),
  tlsDir: z
    .string()
    .default('/etc/fairlead/tls')
    .describe('Directory of tls.crt, tls.key and ca.crt; watched.'),
  keysDir: z
    .string()
    .default('/etc/fairlead/data-plane-keys')
    .describe('Directory of the keys of data-plane tokens: signing.json and jwks.json; watched.'),
  ...identitySettings,
  drainMs: z.int().min(0).default(5_000).describe('How long it serves on after SIGTERM, unready.'),
  shutdownGraceMs: z
    .int()
    .min(0)
    .default(30_000)
    .describe('How long requests under way may take after that.'),
});

export type ApiConfig = z.output<typeof apiConfigSchema>;
