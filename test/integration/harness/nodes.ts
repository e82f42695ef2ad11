/** Owns the part of nodes and Deployment controller in tests without nodes: Deployments and pods fare as the test says. */
import { labels } from '../../../crds/schema/api.ts';
import type { KubeClient } from '../../../kube/client.ts';
import { startInformer } from '../../../kube/informer.ts';
import { deployments, pods } from '../../../kube/kinds.ts';
import type { Deployment, Pod } from '../../../kube/kinds.ts';
import { makeLogger } from '../../../platform/logging.ts';

const namespace = 'default';

/** Gives a Deployment the status that its controller would, with so many replicas ready (default: all). */
export async function setReady(client: KubeClient, deployment: Deployment, ready?: number): Promise<void> {
  const { name = '', generation = 0 } = deployment.metadata ?? {};
  const replicas = deployment.spec?.replicas ?? 1;
  const count = ready ?? replicas;
  await client.status.mergePatch(
    deployments,
    { name, namespace: deployment.metadata?.namespace },
    {
      status: {
        observedGeneration: generation,
        replicas,
        updatedReplicas: replicas,
        readyReplicas: count,
        availableReplicas: count,
      },
    },
  );
}

/** Makes every Deployment ready as soon as it is there or changes, except those that `refuses` picks. */
export function startObligingNodes(
  client: KubeClient,
  refuses: (deployment: Deployment) => boolean = () => false,
): { stop(): Promise<void> } {
  const log = makeLogger({ process: 'test', level: 'silent' });
  const informer = startInformer({ transport: client.transport, kind: deployments, log });
  let running = Promise.resolve();
  const care = async (deployment: Deployment): Promise<void> => {
    const { generation } = deployment.metadata ?? {};
    const { observedGeneration, readyReplicas = 0 } = deployment.status ?? {};
    const replicas = deployment.spec?.replicas ?? 1;
    if (refuses(deployment) || (observedGeneration === generation && readyReplicas === replicas)) return;
    // Gone or changed meanwhile: the next event tells.
    await setReady(client, deployment).catch(() => undefined);
  };
  informer.onChange(({ type, object }) => {
    if (type !== 'deleted') running = running.then(() => care(object));
  });
  return {
    stop: async () => {
      await informer.stop();
      await running;
    },
  };
}

/** Creates a pod of a Deployment in the state given. */
export async function createPod(
  client: KubeClient,
  deployment: Deployment,
  name: string,
  status: NonNullable<Pod['status']>,
): Promise<void> {
  const owner = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    name: deployment.metadata?.name ?? '',
    uid: deployment.metadata?.uid ?? '',
    controller: true,
  };
  await client.create(pods, {
    metadata: {
      name,
      namespace,
      labels: { ...deployment.spec?.template.metadata?.labels },
      ownerReferences: [owner],
    },
    spec: { containers: [{ name: 'model', image: 'any' }] },
  });
  await client.status.mergePatch(pods, { name, namespace }, { status });
}

/** The state of a pod that serves. */
export const readyPod: NonNullable<Pod['status']> = {
  phase: 'Running',
  conditions: [{ type: 'Ready', status: 'True' }],
};

/** The state of a pod whose container failed again and again; the last run told `message`. */
export function crashingPod(container: string, message: string): NonNullable<Pod['status']> {
  const failed = {
    name: container,
    image: 'any',
    imageID: '',
    ready: false,
    restartCount: 2,
    state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } },
    lastState: { terminated: { exitCode: 1, reason: 'Error', message } },
  };
  const field = container === 'model' ? 'containerStatuses' : 'initContainerStatuses';
  return { phase: 'Pending', [field]: [failed] };
}

/** Returns the Deployments of an endpoint. */
export async function deploymentsOf(client: KubeClient, endpoint: string): Promise<Deployment[]> {
  const { items } = await client.list(deployments, {
    namespace,
    labelSelector: `${labels.endpoint}=${endpoint}`,
  });
  return items;
}
