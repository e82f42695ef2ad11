/** Owns access by a kubeconfig, through client-node's KubeConfig: the only file that loads client-node at run time. */
import { readFileSync } from 'node:fs';
import type { RequestOptions } from 'node:https';
import { delimiter, dirname, resolve } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { load as parseYaml } from 'js-yaml';
import { AppError, messageOf } from '../platform/errors.ts';
import type { ClusterAccess, ClusterTls, Credentials } from './credentials.ts';
import { sameTls } from './in-cluster.ts';

/**
 * Returns access to the current context of one kubeconfig file, or of several joined as in `KUBECONFIG`. Certificates,
 * tokens, token files, exec plugins and auth providers are client-node's work; after a 401 the files are read anew.
 *
 * @throws AppError `KUBECONFIG_INVALID` naming the file and what is wrong with it.
 */
export function loadKubeconfigAccess(paths: string): ClusterAccess {
  const loaded = readConfig(paths);
  const server = serverOf(loaded, paths);
  let config: KubeConfig | undefined = loaded;
  let lastTls: ClusterTls = {};
  return {
    baseUrl: server,
    defaultNamespace: loaded.getContextObject(loaded.currentContext)?.namespace ?? 'default',
    credentials: async () => {
      config ??= readConfig(paths);
      const credentials = await credentialsOf(config, paths);
      if (!sameTls(lastTls, credentials.tls)) lastTls = credentials.tls;
      return { tls: lastTls, headers: credentials.headers };
    },
    invalidate: () => {
      config = undefined;
    },
  };
}

function readConfig(paths: string): KubeConfig {
  const [first, ...others] = paths.split(delimiter).filter((path) => path !== '');
  if (first === undefined) throw invalid(paths, 'no file is named');
  try {
    const config = readFile(first);
    for (const path of others) config.mergeConfig(readFile(path));
    return config;
  } catch (error) {
    throw invalid(paths, messageOf(error), error);
  }
}

function readFile(path: string): KubeConfig {
  const parsed = parseYaml(readFileSync(path, 'utf8'));
  const config = new KubeConfig();
  config.loadFromString(JSON.stringify(withTokenFiles(parsed, dirname(path))));
  config.makePathsAbsolute(dirname(path));
  return config;
}

/**
 * client-node passes over the standard field `tokenFile` of a user, but has an auth provider that reads a token file
 * each minute; as in client-go, the file wins over a `token`.
 */
function withTokenFiles(parsed: unknown, directory: string): unknown {
  const config = parsed as { users?: { name: string; user?: { tokenFile?: string } | null }[] } | null;
  if (!Array.isArray(config?.users)) return parsed;
  const users = config.users.map((entry) => {
    const tokenFile = entry.user?.tokenFile;
    if (tokenFile === undefined) return entry;
    const provider = { name: 'tokenFile', config: { tokenFile: resolve(directory, tokenFile) } };
    return { ...entry, user: { ...entry.user, token: undefined, 'auth-provider': provider } };
  });
  return { ...config, users };
}

function serverOf(config: KubeConfig, paths: string): string {
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw invalid(paths, `the current context "${config.currentContext}" names no cluster`);
  }
  if (cluster.proxyUrl !== undefined) {
    throw invalid(paths, `the cluster "${cluster.name}" has a proxy-url, which Fairlead does not support`);
  }
  if (!URL.canParse(cluster.server)) throw invalid(paths, `"${cluster.server}" is not a URL`);
  return cluster.server.replace(/\/+$/, '');
}

async function credentialsOf(config: KubeConfig, paths: string): Promise<Credentials> {
  const options: RequestOptions & { headers: Record<string, string> } = { headers: {} };
  try {
    await config.applyToHTTPSOptions(options);
  } catch (error) {
    throw new AppError(
      'KUBE_CREDENTIALS_UNREADABLE',
      `the credentials of the kubeconfig ${paths} cannot be used: ${messageOf(error)}`,
      { retryable: true, cause: error },
    );
  }
  return { tls: tlsOf(options), headers: headersOf(options) };
}

function tlsOf(options: RequestOptions): ClusterTls {
  const tls: Record<string, unknown> = {};
  const names = ['ca', 'cert', 'key', 'passphrase', 'servername', 'rejectUnauthorized'] as const;
  for (const name of names) {
    if (options[name] !== undefined) tls[name] = options[name];
  }
  return tls;
}

function headersOf(options: {
  headers: Record<string, string>;
  auth?: string | null | undefined;
}): Record<string, string> {
  const headers: Record<string, string> = {};
  // client-node tells user and password as node:http's `auth`.
  if (options.auth) headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  for (const [name, value] of Object.entries(options.headers)) {
    headers[name.toLowerCase()] = value.trim();
  }
  return headers;
}

function invalid(paths: string, why: string, cause?: unknown): AppError {
  return new AppError('KUBECONFIG_INVALID', `the kubeconfig ${paths} cannot be used: ${why}`, { cause });
}
