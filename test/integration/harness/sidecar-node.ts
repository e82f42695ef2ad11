/** Owns the part of a node in tests of the request path: while a Deployment is not at zero there is a pod, with a real sidecar in it. */
import { labels } from '../../../crds/schema/api.ts';
import { startInformer } from '../../../kube/informer.ts';
import { deployments, pods } from '../../../kube/kinds.ts';
import type { Deployment } from '../../../kube/kinds.ts';
import { makeLogger } from '../../../platform/logging.ts';
import type { Sidecar } from '../../../proxy/sidecar/sidecar.ts';
import { createPod } from './nodes.ts';
import { startSidecarHere } from './request-path.ts';
import { until } from './until.ts';
import type { World } from './world.ts';

const namespace = 'default';

interface RunningPod {
  readonly name: string;
  readonly host: string;
  /** Of the template that it was made from: other labels, another pod. */
  readonly template: string;
  readonly sidecar: Sidecar;
}

export interface SidecarNode {
  /** Addresses of the pods that run, those that let go left out. */
  hosts(): string[];
  stop(): Promise<void>;
}

/** Runs pods for the Deployments of an endpoint, before a model server at `model`; each pod has an address of its own. */
export function startSidecarNode(
  world: World,
  options: {
    readonly endpoint: string;
    readonly model: { readonly host: string; readonly port: number };
    /** The first three parts of addresses. */
    readonly network: string;
  },
): SidecarNode {
  const { client } = world;
  const { endpoint, model, network } = options;
  const running = new Map<string, RunningPod>();
  const ending = new Set<Promise<void>>();
  let count = 0;
  let caring = Promise.resolve();

  const start = async (deployment: Deployment, template: string): Promise<RunningPod> => {
    count += 1;
    const [name, host] = [`${endpoint}-pod-${count}`, `${network}.${count}`];
    const of = deployment.metadata?.name ?? '';
    const sidecar = await startSidecarHere(world, { endpoint, deployment: of, name, host, model });
    await until(
      'the sidecar is ready',
      async () => (await fetch(`http://${host}:9090/readyz`)).status === 200,
    );
    const lastTransitionTime = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
    await createPod(client, deployment, name, {
      phase: 'Running',
      podIP: host,
      podIPs: [{ ip: host }],
      conditions: [{ type: 'Ready', status: 'True', lastTransitionTime }],
    });
    return { name, host, template, sidecar };
  };
  const end = async ({ name, sidecar }: RunningPod): Promise<void> => {
    await client.delete(pods, { name, namespace }, { gracePeriodSeconds: 0 });
    await sidecar.drain();
    await sidecar.stop();
  };
  const care = async (deployment: Deployment, isGone: boolean): Promise<void> => {
    const key = deployment.metadata?.name ?? '';
    const known = running.get(key);
    const template = isGone ? undefined : templateOf(deployment);
    if (template !== undefined && known?.template === template) return;
    // The next one is there before the last one goes.
    if (template !== undefined) running.set(key, await start(deployment, template));
    else running.delete(key);
    if (known === undefined) return;
    const ended = end(known).finally(() => ending.delete(ended));
    ending.add(ended);
  };
  const informer = startInformer({
    transport: client.transport,
    kind: deployments,
    namespace,
    labelSelector: `${labels.endpoint}=${endpoint}`,
    log: makeLogger({ process: 'node', level: 'silent' }),
  });
  informer.onChange(({ type, object }) => {
    caring = caring.then(() => care(object, type === 'deleted'));
  });
  return {
    hosts: () => [...running.values()].map(({ host }) => host),
    stop: async () => {
      await informer.stop();
      await caring;
      await Promise.all([...running.values()].map(end));
      await Promise.all(ending);
    },
  };
}

/** Undefined: it is at zero. */
function templateOf({ spec }: Deployment): string | undefined {
  const { replicas = 1, template } = spec ?? {};
  return replicas === 0 ? undefined : JSON.stringify(template?.metadata?.labels);
}
