/** Owns what the sidecar process is told at its start; what it guards is in the file that the operator renders. */
import * as z from 'zod';
import { logLevels } from '../../platform/logging.ts';

const portSchema = z.int().min(0).max(65535);

export const sidecarProcessSchema = z.object({
  sidecarConfig: z
    .string()
    .default('/etc/fairlead/sidecar/config.json')
    .describe('The file that says what the sidecar guards; watched, the last good content stays in use.'),
  tlsDir: z
    .string()
    .default('/etc/fairlead/tls')
    .describe('Directory of tls.crt, tls.key and ca.crt; watched.'),
  host: z.string().optional().describe('Address to listen on; default: POD_IP, else all addresses.'),
  port: portSchema.default(8443).describe('Data port (TLS); 0 takes a free one.'),
  adminPort: portSchema.default(9090).describe('Admin port (plain); 0 takes a free one.'),
  modelHost: z
    .string()
    .optional()
    .describe('Address of the model server, where it is not what the file of `sidecarConfig` says.'),
  fetchProgress: z
    .string()
    .optional()
    .describe('The file in which the fetcher of the pod tells how far it is, where there is a fetcher.'),
  logLevel: z
    .enum(logLevels)
    .default('info')
    .describe('Least level that is logged; debug has an access log.'),
});
