/** Owns the node agent: follows the pods of its node and runs each as local processes. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../../platform/clock.ts';
import { systemClock } from '../../platform/clock.ts';
import type { AppError } from '../../platform/errors.ts';
import type { ListenAddress } from '../../platform/listener.ts';
import type { Logger } from '../../platform/logging.ts';
import { ProcessRecords } from '../../platform/processes/process-records.ts';
import type { NodeServices } from '../apiserver/node-services.ts';
import type { Pod } from '../controllers/objects/kinds.ts';
import type { ImageTable } from './image-table.ts';
import { LogDirectories } from './log-directories.ts';
import type { AddressPool } from './network/addresses.ts';
import { checkPodAddress } from './network/addresses.ts';
import type { ServiceProxy } from './network/service-proxy.ts';
import { startServiceProxy } from './network/service-proxy.ts';
import type { NodeApi } from './node-api.ts';
import { machineCapacity, startNodeHeartbeat } from './node-object.ts';
import { defaultBackOff } from './pod/back-off.ts';
import type { NodeParts } from './pod/node-parts.ts';
import { PodWorker } from './pod/pod-worker.ts';
import { previousPathOf } from './process/log-file.ts';
import { MemoryGuard } from './process/memory-guard.ts';
import { readLogTimes } from './process/log-times.ts';

export interface NodeAgentOptions {
  readonly api: NodeApi;
  readonly name: string;
  /** Of the node and of its pods in the host's network. */
  readonly nodeAddress: string;
  readonly podAddresses: AddressPool;
  /** Told to pods where the cluster IP of `default/kubernetes` cannot be served here (its port needs a privilege, say). */
  readonly apiAddress?: ListenAddress;
  /** Where the kubelet's own API answers; default 10250. */
  readonly kubeletPort?: number;
  /** What the node has to give to pods, by resource; default what this machine has. */
  readonly capacity?: Readonly<Record<string, string>>;
  /** Holds pod directories and the records of running processes. */
  readonly stateDir: string;
  /** Holds `<pod>/<container>.log`; default `<stateDir>/logs`. */
  readonly logsDir?: string;
  readonly images: ImageTable;
  readonly log: Logger;
  readonly clock?: Clock;
  /** The first wait of a container that crashes again, in milliseconds; default 10 s as in Kubernetes. */
  readonly crashBackOffInitialMs?: number;
  /** How long processes have to end when the agent stops, in milliseconds; default 10 s. */
  readonly stopDeadlineMs?: number;
}

export interface RunningNodeAgent {
  /** What an API server asks of the node. */
  readonly services: NodeServices;
  /** Ends all processes; the pods themselves stay and run again after the next start. */
  stop(): Promise<void>;
}

/** Starts the node: ends what an earlier run left behind, registers the Node, and runs its pods. */
export async function startNodeAgent(options: NodeAgentOptions): Promise<RunningNodeAgent> {
  const { api, name, stateDir, log, clock = systemClock, podAddresses } = options;
  const capacity = options.capacity ?? machineCapacity();
  const records = new ProcessRecords(join(stateDir, 'processes'));
  await records.endLeftovers({
    onFound: ({ pid, owner }) => log.info({ pid, owner }, 'ending a process that an earlier run left behind'),
  });
  const podsDir = join(stateDir, 'pods');
  await mkdir(podsDir, { recursive: true, mode: 0o700 });
  const proxy = startServiceProxy({ api, log });
  const node: NodeParts = {
    api,
    log,
    clock,
    images: options.images,
    records,
    memory: new MemoryGuard(log),
    nodeAddress: options.nodeAddress,
    addresses: podAddresses,
    backOff: { ...defaultBackOff, initialMs: options.crashBackOffInitialMs ?? defaultBackOff.initialMs },
    allocatable: capacity,
    podsDir,
    logsDir: options.logsDir ?? join(stateDir, 'logs'),
    apiEnvironment: () => directApiEnvironment(options, proxy),
  };
  const problem = await checkRange(podAddresses, clock);
  if (problem !== undefined) log.error({ error: problem }, 'pods cannot have addresses on this machine');
  const heartbeat = startNodeHeartbeat({
    api,
    log,
    clock,
    facts: {
      name,
      address: options.nodeAddress,
      kubeletPort: options.kubeletPort ?? 10_250,
      capacity,
      problem: problem?.message,
    },
  });
  await removeForeignDirectories(podsDir, api.pods.list());
  const agent = new NodeAgent(node);
  return {
    services: agent.services,
    stop: async () => {
      await heartbeat.stop();
      await agent.stop(options.stopDeadlineMs ?? 10_000);
      await proxy.stop();
    },
  };
}

/** Tries one address of the range, which then rests like those of pods. */
async function checkRange(addresses: AddressPool, clock: Clock): Promise<AppError | undefined> {
  const problem = await checkPodAddress(addresses.allocate('check', clock.monotonic()));
  addresses.release('check', clock.monotonic());
  return problem;
}

function directApiEnvironment(
  { api, apiAddress }: Pick<NodeAgentOptions, 'api' | 'apiAddress'>,
  proxy: ServiceProxy,
): Readonly<Record<string, string>> {
  if (apiAddress === undefined) return {};
  const { clusterIP = '', ports } = api.services.get('kubernetes', 'default')?.spec ?? {};
  const port = ports?.[0]?.port;
  if (port !== undefined && proxy.serves(clusterIP, port)) return {};
  return {
    KUBERNETES_SERVICE_HOST: apiAddress.host,
    KUBERNETES_SERVICE_PORT: String(apiAddress.port),
  };
}

async function removeForeignDirectories(podsDir: string, pods: readonly Pod[]): Promise<void> {
  const known = new Set(pods.map(({ metadata }) => metadata.uid));
  const foreign = (await readdir(podsDir)).filter((name) => !known.has(name));
  await Promise.all(foreign.map((name) => rm(join(podsDir, name), { recursive: true, force: true })));
}

class NodeAgent {
  readonly #node: NodeParts;
  readonly #workers = new Map<string, PodWorker>();
  readonly #uidOf = new Map<string, string>();
  /** Pods that are done with here, while somebody's finalizer keeps their objects. */
  readonly #kept = new Set<string>();
  readonly #logs: LogDirectories;
  readonly #watches: { stop(): void }[];

  constructor(node: NodeParts) {
    this.#node = node;
    this.#logs = new LogDirectories(node.logsDir);
    const { api } = node;
    this.#watches = [
      api.pods.onChange((pod, change) => this.#onPod(change === 'deleted', pod)),
      ...[api.configMaps, api.secrets].map((mirror) =>
        mirror.onChange(({ metadata }) => this.#onConfig(metadata.namespace)),
      ),
    ];
  }

  readonly services: NodeServices = {
    containerLog: ({ namespace, pod, container, previous }) => {
      const uid = this.#uidOf.get(`${namespace}/${pod}`);
      const runner = uid === undefined ? undefined : this.#workers.get(uid)?.runnerOf(container);
      if (runner === undefined) return undefined;
      const { state, last } = runner.known;
      if (previous) {
        if (last === undefined) return undefined;
        // While a container waits for its restart, the log of its last instance is still the newest.
        const path = state.kind === 'waiting' ? runner.logPath : previousPathOf(runner.logPath);
        return { path, isRunning: () => false, times: () => readLogTimes(path) };
      }
      if (state.kind === 'waiting' && last === undefined) return undefined;
      const path = runner.logPath;
      return { path, isRunning: () => runner.isRunning, times: () => readLogTimes(path) };
    },
  };

  async stop(deadlineMs: number): Promise<void> {
    for (const watch of this.#watches) watch.stop();
    await Promise.all([...this.#workers.values()].map((worker) => worker.shutDown(deadlineMs)));
  }

  #onPod(deleted: boolean, pod: Pod): void {
    const { uid, namespace = '', name } = pod.metadata;
    const worker = this.#workers.get(uid);
    if (deleted) {
      this.#kept.delete(uid);
      worker?.lose();
      return;
    }
    if (this.#kept.has(uid)) return;
    if (worker !== undefined) {
      worker.update(pod);
      return;
    }
    const over = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
    // What is over needs nobody, until it is to be deleted.
    if (over && pod.metadata.deletionTimestamp === undefined) return;
    const key = `${namespace}/${name}`;
    const onDone = (): void => {
      this.#workers.delete(uid);
      if (this.#node.api.pods.get(name, namespace)?.metadata.uid === uid) this.#kept.add(uid);
      if (this.#uidOf.get(key) === uid) this.#uidOf.delete(key);
      this.#logs.release(uid).catch((error: unknown) => {
        this.#node.log.warn({ error, pod: name }, 'old logs not removed');
      });
    };
    this.#uidOf.set(key, uid);
    const logDirectory = this.#logs.claim(pod);
    this.#workers.set(uid, new PodWorker({ node: this.#node, pod, logDirectory, onDone }));
  }

  #onConfig(namespace: string | undefined): void {
    for (const worker of this.#workers.values()) if (worker.namespace === namespace) worker.wakeForConfig();
  }
}
