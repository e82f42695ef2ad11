/** Owns access from inside a pod: the mounted ServiceAccount, read again as kubelet rotates it. Loads no client-node. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../platform/clock.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError, messageOf } from '../platform/errors.ts';
import type { Logger } from '../platform/logging.ts';
import type { ClusterAccess, ClusterTls, Credentials } from './credentials.ts';

const defaultServiceAccountDir = '/var/run/secrets/kubernetes.io/serviceaccount';

/** Kubelet replaces a token at 80 % of its life, so a minute of staleness is always harmless. */
const rereadAfterMs = 60_000;

export interface InClusterOptions {
  readonly serviceAccountDir?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  readonly clock?: Clock;
}

/**
 * Returns access with the pod's ServiceAccount to the API server that `KUBERNETES_SERVICE_HOST` and
 * `KUBERNETES_SERVICE_PORT` name. Token and CA are read again each minute and after a 401; when a later read fails,
 * the last good ones stay in use.
 *
 * @throws AppError `KUBE_ACCESS_MISSING` outside a pod, `KUBE_CREDENTIALS_UNREADABLE` when the mount cannot be read.
 */
export async function loadInClusterAccess(options: InClusterOptions): Promise<ClusterAccess> {
  const baseUrl = serviceUrl(options.env);
  const directory = options.serviceAccountDir ?? defaultServiceAccountDir;
  const clock = options.clock ?? systemClock;
  const [namespace, first] = await Promise.all([readNamespace(directory), readMount(directory)]);
  let mounted = first;
  let readAt = clock.monotonic();
  let reading: Promise<void> | undefined;

  const reread = async (): Promise<void> => {
    try {
      mounted = keepTls(mounted, await readMount(directory));
      readAt = clock.monotonic();
    } catch (error) {
      options.log.error({ directory, error }, 'service account unreadable, keeping the last credentials');
    }
  };
  return {
    baseUrl,
    defaultNamespace: namespace,
    credentials: async () => {
      if (clock.monotonic() - readAt >= rereadAfterMs) {
        reading ??= reread().finally(() => (reading = undefined));
        await reading;
      }
      return mounted;
    },
    invalidate: () => {
      readAt = Number.NEGATIVE_INFINITY;
    },
  };
}

function serviceUrl(env: InClusterOptions['env']): string {
  const host = env['KUBERNETES_SERVICE_HOST'];
  const port = env['KUBERNETES_SERVICE_PORT'];
  if (host === undefined || host === '' || port === undefined || port === '') {
    throw new AppError(
      'KUBE_ACCESS_MISSING',
      'no Kubernetes cluster is known: name a kubeconfig with --kubeconfig or KUBECONFIG, or run in a pod (KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set)',
    );
  }
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

async function readMount(directory: string): Promise<Credentials> {
  const [token, ca] = await Promise.all([readMounted(directory, 'token'), readMounted(directory, 'ca.crt')]);
  return { tls: { ca }, headers: { authorization: `Bearer ${token.trim()}` } };
}

async function readNamespace(directory: string): Promise<string> {
  return (await readMounted(directory, 'namespace')).trim();
}

async function readMounted(directory: string, name: string): Promise<string> {
  const path = join(directory, name);
  const content = await readFile(path, 'utf8').catch((error: unknown) => {
    throw unreadable(path, messageOf(error), error);
  });
  if (content.trim() === '') throw unreadable(path, 'the file is empty');
  return content;
}

function unreadable(path: string, why: string, cause?: unknown): AppError {
  return new AppError(
    'KUBE_CREDENTIALS_UNREADABLE',
    `the ServiceAccount file ${path} cannot be used (${why}); mount the token (automountServiceAccountToken) or set --service-account-dir`,
    { retryable: true, cause },
  );
}

function keepTls(previous: Credentials, next: Credentials): Credentials {
  return sameTls(previous.tls, next.tls) ? { tls: previous.tls, headers: next.headers } : next;
}

/** Returns whether two TLS settings are equal, so that connections made with the one serve the other. */
export function sameTls(left: ClusterTls, right: ClusterTls): boolean {
  const text = (tls: ClusterTls): string =>
    JSON.stringify(
      [tls.ca, tls.cert, tls.key, tls.passphrase, tls.servername, tls.rejectUnauthorized].map((part) =>
        Buffer.isBuffer(part) ? part.toString('latin1') : (part ?? null),
      ),
    );
  return text(left) === text(right);
}
