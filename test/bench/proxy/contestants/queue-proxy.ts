/** Owns Knative's queue-proxy as a contestant: what Knative puts beside its containers, with the policies that it has. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { startMeasured } from '../../measured-process.ts';
import type { Hop, StartProxy } from './hop.ts';

/** Ports that it takes on every address, whatever it is told (knative.dev/serving, pkg/networking). */
const fixedPorts = [8022, 9090];
/** Where it looks for its certificate (pkg/queue, CertDirectory), below a folder that a mount can hide. */
const [mountPoint, certificates] = ['/var/lib', 'knative/certs'];

/** Returns how `binary` is started. It knows TLS without client certificates only, and reads them at a fixed place. */
export const queueProxyFrom =
  (binary: string): StartProxy =>
  (hop) => {
    const command: [string, ...string[]] = hop.in === 'plain' ? [binary] : [...withCertificates(hop), binary];
    // Asked politely it serves on for half a minute, and keeps its ports.
    return startMeasured(command, { port: hop.port, env: environmentOf(hop), stopSignal: 'SIGKILL' });
  };

/** Names and meanings: pkg/queue/sharedmain of the module. */
const environmentOf = ({ port, to, ...hop }: Hop): Record<string, string> => ({
  CONTAINER_CONCURRENCY: '32',
  USER_PORT: String(to),
  QUEUE_SERVING_PORT: String(hop.in === 'plain' ? port : 0),
  QUEUE_SERVING_TLS_PORT: String(hop.in === 'plain' ? 0 : port),
  REVISION_TIMEOUT_SECONDS: '300',
  SERVING_LOGGING_CONFIG: '',
  SERVING_LOGGING_LEVEL: 'warn',
  SERVING_NAMESPACE: 'team-a',
  SERVING_SERVICE: 'wine',
  SERVING_CONFIGURATION: 'wine',
  SERVING_REVISION: 'wine-00001',
  SERVING_POD: 'wine-00001-0',
  SERVING_POD_IP: '127.0.0.1',
});

/** Returns the start of a command that sees `hop`'s certificate where queue-proxy looks for it, and nobody else does. */
function withCertificates({ name, directory, tls }: Hop): [string, ...string[]] {
  const root = join(directory, name);
  mkdirSync(join(root, certificates), { recursive: true });
  for (const file of ['tls.crt', 'tls.key']) copyFileSync(join(tls, file), join(root, certificates, file));
  return inOwnMounts(`mount --bind '${root}' ${mountPoint} && exec "$@"`);
}

const inOwnMounts = (script: string): [string, ...string[]] => [
  'unshare',
  ...(process.getuid?.() === 0 ? ['--mount'] : ['--map-root-user', '--mount']),
  ...['--', 'sh', '-c', script, 'sh'],
];

/** Returns why it cannot run here with TLS, in words, or undefined. */
export function checkOwnMounts(): string | undefined {
  const [program, ...args] = inOwnMounts('true');
  const { status, error, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
}

/** Returns why it cannot run here at all, in words, or undefined. */
export async function checkFixedPorts(): Promise<string | undefined> {
  for (const port of fixedPorts) {
    if (!(await isFree(port))) return `it needs port ${port}, which something else has taken`;
  }
  return undefined;
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}
