/** Owns the process of the embedded cluster. */
import { join } from 'node:path';
import * as z from 'zod';
import { loadConfig } from '../platform/config.ts';
import { logLevels, makeLogger } from '../platform/logging.ts';
import { onShutdown } from '../platform/shutdown.ts';
import { startCluster } from './cluster.ts';
import { imageTableSchema } from './node-agent/image-table.ts';

const configSchema = z.object({
  stateDir: z
    .string()
    .default('.fairlead')
    .describe('Directory of the state, the kubeconfig, the token and the logs.'),
  host: z.string().default('127.0.0.1').describe('Address that the API server listens on.'),
  port: z
    .int()
    .min(0)
    .max(65_535)
    .default(6443)
    .describe('Port of the API server; 0 lets the system choose.'),
  logLevel: z.enum(logLevels).default('info'),
  endWithStdin: z
    .boolean()
    .default(false)
    .describe('Ends with its standard input: when whoever started it, and holds the other end, is gone.'),
  images: imageTableSchema.describe('Which local command each container image stands for.'),
});

const config = loadConfig(configSchema, { argv: process.argv.slice(2), env: process.env });
const log = makeLogger({ process: 'devcluster', level: config.logLevel });
const cluster = await startCluster({
  stateDir: config.stateDir,
  address: { host: config.host, port: config.port },
  images: config.images,
  log,
});
log.info(
  { url: cluster.api.url, kubeconfig: cluster.kubeconfigPath, logs: join(config.stateDir, 'logs') },
  'cluster is up',
);
const stop = onShutdown({ log, deadlineMs: 30_000, steps: [{ name: 'cluster', run: () => cluster.stop() }] });
if (config.endWithStdin) process.stdin.once('end', () => stop('standard input ended')).resume();
