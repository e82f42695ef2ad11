/** Owns an embedded cluster for tests: in a directory of its own, with images that are a shell and Node. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeLogger } from '../../platform/logging.ts';
import type { LocalClient, ResourceClient } from '../apiserver/client/local-client.ts';
import type { KubeObject } from '../apiserver/objects/kube-object.ts';
import type { Cluster } from '../cluster.ts';
import { startCluster } from '../cluster.ts';
import type { Container, ContainerStatus, Pod, PodSpec } from '../controllers/objects/kinds.ts';

interface EventObject extends KubeObject {
  involvedObject: { name: string };
  type: string;
  reason: string;
  message: string;
}

export class TestCluster {
  readonly directory: string;
  #cluster: Cluster | undefined;

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async start(): Promise<TestCluster> {
    const made = new TestCluster(await mkdtemp(join(tmpdir(), 'fairlead-cluster-')));
    await made.start();
    return made;
  }

  /** Starts the cluster, again if need be, on what its directory holds. */
  async start(): Promise<void> {
    const shell = { entrypoint: ['/bin/sh', '-c'], args: [], executables: {}, env: {} };
    const node = { ...shell, entrypoint: [process.execPath], executables: { node: process.execPath } };
    this.#cluster = await startCluster({
      stateDir: this.directory,
      address: { host: '127.0.0.1', port: 0 },
      images: { shell, node },
      log: makeLogger({
        process: 'test',
        level: (process.env['TEST_LOG_LEVEL'] as 'debug' | undefined) ?? 'silent',
      }),
      autoscalerSyncPeriodMs: 50,
      crashBackOffInitialMs: 300,
      stopDeadlineMs: 5_000,
    });
  }

  async stop(): Promise<void> {
    await this.#cluster?.stop();
    this.#cluster = undefined;
  }

  /** Stops the cluster and removes its directory. */
  async destroy(): Promise<void> {
    await this.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  get cluster(): Cluster {
    if (this.#cluster === undefined) throw new Error('the test cluster is stopped');
    return this.#cluster;
  }

  get client(): LocalClient {
    return this.cluster.api.localClient('test');
  }

  get pods(): ResourceClient<Pod> {
    return this.client.resource<Pod>('v1', 'Pod');
  }

  /** Makes a pod in `default`; it ends within two seconds when it is deleted. */
  run(name: string, spec: Partial<PodSpec> & { containers: Container[] }): Pod {
    return this.pods.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'default', labels: { app: name } },
      spec: { terminationGracePeriodSeconds: 2, ...spec },
    });
  }

  pod(name: string): Pod | undefined {
    return this.pods.get(name, 'default');
  }

  /** Returns the status of a container once `condition` holds for it. */
  container(
    pod: string,
    container: string,
    condition: (status: ContainerStatus) => boolean = () => true,
  ): Promise<ContainerStatus> {
    return eventually(() => {
      const { initContainerStatuses = [], containerStatuses = [] } = this.pod(pod)?.status ?? {};
      return [...initContainerStatuses, ...containerStatuses].find(({ name }) => name === container);
    }, condition);
  }

  isReady(pod: string): boolean {
    return this.pod(pod)?.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
  }

  ready(pod: string): Promise<boolean> {
    return eventually(() => this.isReady(pod), Boolean);
  }

  gone(pod: string): Promise<boolean> {
    return eventually(() => this.pod(pod) === undefined, Boolean);
  }

  /** Returns the messages of the events of an object with a reason. */
  events(object: string, reason: string): string[] {
    return this.client
      .resource<EventObject>('v1', 'Event')
      .list({ namespace: 'default' })
      .filter((event) => event.involvedObject.name === object && event.reason === reason)
      .map(({ message }) => message);
  }

  async log(pod: string, container: string): Promise<string> {
    return readFile(join(this.directory, 'logs', pod, `${container}.log`), 'utf8').catch(() => '');
  }
}

/** Returns what `read` gives once it is there and `condition` holds; the test's own time limit ends the wait. */
export async function eventually<T>(
  read: () => T | undefined | Promise<T | undefined>,
  condition: (value: T) => boolean = () => true,
): Promise<T> {
  for (;;) {
    const value = await read();
    if (value !== undefined && condition(value)) return value;
    await sleep(20);
  }
}

/** A container that runs a shell script. */
export function sh(name: string, script: string, more: Partial<Container> = {}): Container {
  return { name, image: 'shell', args: [script], ...more };
}

/** A script that waits until it is told to end, and then runs `atEnd`. */
export function untilTerm(atEnd = ''): string {
  return `trap '${atEnd} kill $child; exit 0' TERM; sleep 1000 & child=$!; wait $child`;
}
