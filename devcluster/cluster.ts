/** Owns the composition of the embedded cluster: API server, controllers and node agent as one thing to start and stop. */
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../platform/clock.ts';
import type { ListenAddress } from '../platform/listener.ts';
import type { Logger } from '../platform/logging.ts';
import { startApiServer } from './apiserver/server.ts';
import type { ApiServer } from './apiserver/server.ts';
import { startControllers } from './controllers/start.ts';
import type { ImageTable } from './node-agent/image-table.ts';
import { startEmbeddedNode } from './node-agent/embedded-node.ts';
import { makeKubeconfig } from './kubeconfig.ts';

export interface ClusterOptions {
  /** Where everything lives that outlasts the process: `.fairlead`. */
  readonly stateDir: string;
  readonly address: ListenAddress;
  /** Which local command each container image stands for. */
  readonly images: ImageTable;
  readonly log: Logger;
  readonly clock?: Clock;
  readonly autoscalerSyncPeriodMs?: number;
  readonly crashBackOffInitialMs?: number;
  readonly stopDeadlineMs?: number;
}

export interface Cluster {
  readonly api: ApiServer;
  readonly kubeconfigPath: string;
  readonly tokenPath: string;
  /** Ends the processes of all pods, then the API; the objects stay for the next start. */
  stop(): Promise<void>;
}

/**
 * Starts the cluster on what `stateDir` holds, and writes `kubeconfig` and `token` there (readable by their owner).
 *
 * @throws AppError where the address cannot be listened on.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { stateDir, address, log, clock } = options;
  const api = await startApiServer({
    stateDir: join(stateDir, 'apiserver'),
    address,
    log: log.child({ component: 'apiserver' }),
    ...defined({ clock }),
  });
  try {
    return await startOnApi(api, options);
  } catch (error) {
    await api.stop();
    throw error;
  }
}

async function startOnApi(api: ApiServer, options: ClusterOptions): Promise<Cluster> {
  const { stateDir, images, log, clock } = options;
  const kubeconfigPath = join(stateDir, 'kubeconfig');
  const tokenPath = join(stateDir, 'token');
  await writePrivate(kubeconfigPath, JSON.stringify(makeKubeconfig(api), undefined, 2));
  await writePrivate(tokenPath, api.adminToken);
  const node = await startEmbeddedNode({
    api,
    stateDir: join(stateDir, 'node'),
    logsDir: join(stateDir, 'logs'),
    images,
    log: log.child({ component: 'node-agent' }),
    ...defined({
      clock,
      crashBackOffInitialMs: options.crashBackOffInitialMs,
      stopDeadlineMs: options.stopDeadlineMs,
    }),
  });
  const controllers = startControllers({
    api,
    log: log.child({ component: 'controllers' }),
    ...defined({ clock, autoscalerSyncPeriodMs: options.autoscalerSyncPeriodMs }),
  });
  return {
    api,
    kubeconfigPath,
    tokenPath,
    stop: async () => {
      // Controllers first: they would replace the pods whose processes end.
      await controllers.stop();
      await node.stop();
      await api.stop();
    },
  };
}

/** Returns the fields that have a value. */
function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as ReturnType<
    typeof defined<T>
  >;
}

/** A reader sees the old file or the whole new one. */
async function writePrivate(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.new`;
  await writeFile(temporary, content, { mode: 0o600 });
  await rename(temporary, path);
}
