/** Owns the process of a node that joins a cluster. */
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { imageTableSchema } from '../../devcluster/node-agent/image-table.ts';
import { loadKubeconfigAccess } from '../../kube/kubeconfig.ts';
import { loadConfig } from '../../platform/config.ts';
import { logLevels, makeLogger } from '../../platform/logging.ts';
import { onShutdown } from '../../platform/shutdown.ts';
import { startNode } from './start-node.ts';

const configSchema = z.object({
  name: z.string().default('fairlead-node'),
  kubeconfig: z.string().describe('How the node reaches its cluster.'),
  nodeAddress: z.ipv4().describe('No loopback address: EndpointSlices refuse those.'),
  podAddresses: z.cidrv4().describe('All of it is this machine’s own, by a local route.'),
  stateDir: z.string(),
  logsDir: z.string(),
  capacity: z
    .record(z.string(), z.string())
    .describe(
      'What the scheduler may give away: requests add up fast, and processes share the machine anyway.',
    ),
  images: imageTableSchema.describe('Which local command each container image stands for.'),
  kubelet: z.object({ certFile: z.string(), keyFile: z.string(), clientCaFile: z.string() }),
  logLevel: z.enum(logLevels).default('info'),
  endWithStdin: z
    .boolean()
    .default(false)
    .describe('Ends with its standard input: when whoever started it, and holds the other end, is gone.'),
});

const config = loadConfig(configSchema, { argv: process.argv.slice(2), env: process.env });
const { kubeconfig, kubelet, endWithStdin, logLevel, ...options } = config;
const log = makeLogger({ process: 'node', level: logLevel });
const node = await startNode({
  ...options,
  log,
  access: loadKubeconfigAccess(kubeconfig),
  kubelet: {
    certificate: {
      certificatePem: readFileSync(kubelet.certFile, 'utf8'),
      privateKeyPem: readFileSync(kubelet.keyFile, 'utf8'),
    },
    clientAuthorityPem: readFileSync(kubelet.clientCaFile, 'utf8'),
  },
});
log.info({ node: config.name }, 'node is up');
const stop = onShutdown({ log, deadlineMs: 30_000, steps: [{ name: 'node', run: () => node.stop() }] });
if (endWithStdin) process.stdin.once('end', () => stop('standard input ended')).resume();
