/**
 * Owns the part of Deployment controller and kubelet, played: each Deployment gets one pod that is Ready, as the API
 * would show it, without a process. What is measured is the operator; ten thousand model servers do not fit a machine.
 */
import type { Logger } from '../../../platform/logging.ts';
import type { KubeClient } from '../../../kube/client.ts';
import { isAlreadyExists } from '../../../kube/api-error.ts';
import { startController, done } from '../../../kube/controller.ts';
import { startInformer } from '../../../kube/informer.ts';
import * as kinds from '../../../kube/kinds.ts';
import type { Deployment, Pod } from '../../../kube/kinds.ts';
import { keyOf } from '../../../kube/resource.ts';
import type { KubeTransport } from '../../../kube/transport.ts';
import { labels } from '../../../crds/schema/api.ts';

const workers = 16;
const fieldManager = 'bench-node';

/** Starts to play; it goes on for every Deployment of Fairlead until stopped. */
export function startPlayedNode(options: {
  readonly transport: KubeTransport;
  readonly client: KubeClient;
  readonly log: Logger;
}): { stop(): Promise<void> } {
  const { client } = options;
  const deployments = startInformer({
    ...options,
    kind: kinds.deployments,
    labelSelector: `${labels.managedBy}=fairlead-operator`,
  });
  const controller = startController({
    name: 'played-node',
    workers,
    waitFor: [deployments],
    log: options.log,
    reconcile: async (key) => {
      const deployment = deployments.store.get(key);
      if (deployment === undefined || isServed(deployment)) return done;
      const pod = await makePod(client, deployment);
      await client.status.mergePatch(kinds.pods, refOf(pod), { status: podStatus(pod) }, { fieldManager });
      const status = deploymentStatus(deployment);
      await client.status.mergePatch(kinds.deployments, refOf(deployment), { status }, { fieldManager });
      return done;
    },
  });
  controller.watch(deployments, ({ metadata }) => [keyOf({ name: '', ...metadata })]);
  return {
    stop: async () => {
      await controller.stop();
      await deployments.stop();
    },
  };
}

const isServed = ({ metadata, status }: Deployment): boolean =>
  status?.observedGeneration === metadata?.generation;

const refOf = ({ metadata }: Pod | Deployment): { name: string; namespace: string } => ({
  name: metadata?.name ?? '',
  namespace: metadata?.namespace ?? '',
});

async function makePod(client: KubeClient, deployment: Deployment): Promise<Pod> {
  const { name, namespace } = refOf(deployment);
  const { metadata, spec } = deployment.spec?.template ?? {};
  const pod: Pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${name}-0`,
      namespace,
      ...(metadata?.labels === undefined ? {} : { labels: metadata.labels }),
      ...(metadata?.annotations === undefined ? {} : { annotations: metadata.annotations }),
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${name}-0`, uid: deployment.metadata?.uid ?? '' },
      ],
    },
    ...(spec === undefined ? {} : { spec: { ...spec, nodeName: 'bench' } }),
  };
  try {
    return await client.create(kinds.pods, pod, { fieldManager });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    return pod;
  }
}

function podStatus({ spec }: Pod): object {
  const now = new Date().toISOString().replace(/\.\d+Z$/, 'Z');
  const running = ({ name, image = '' }: { name: string; image?: string }): object => ({
    name,
    image,
    imageID: image,
    ready: true,
    started: true,
    restartCount: 0,
    state: { running: { startedAt: now } },
  });
  return {
    phase: 'Running',
    podIP: '10.244.0.1',
    podIPs: [{ ip: '10.244.0.1' }],
    startTime: now,
    conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
      type,
      status: 'True',
      lastTransitionTime: now,
    })),
    initContainerStatuses: (spec?.initContainers ?? []).map(running),
    containerStatuses: (spec?.containers ?? []).map(running),
  };
}

function deploymentStatus({ metadata, spec }: Deployment): object {
  const replicas = spec?.replicas ?? 1;
  return {
    observedGeneration: metadata?.generation,
    replicas,
    updatedReplicas: replicas,
    readyReplicas: replicas,
    availableReplicas: replicas,
  };
}
