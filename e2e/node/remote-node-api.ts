/** Owns the node agent's way to a cluster behind HTTPS: copies that may be behind, writes with their preconditions. */
import type { Pod, PodStatus } from '../../devcluster/controllers/objects/kinds.ts';
import type { EventRecorder } from '../../devcluster/controllers/objects/events.ts';
import type { NodeApi, NodeKinds, PodToken, PodTokenRequest } from '../../devcluster/node-agent/node-api.ts';
import { isConflict, isNotFound } from '../../kube/api-error.ts';
import { makeKubeClient } from '../../kube/client.ts';
import type { KubeClient } from '../../kube/client.ts';
import { regardingOf, startEventRecorder } from '../../kube/events.ts';
import { leases, pods } from '../../kube/kinds.ts';
import { makeKind, objectPath } from '../../kube/resource.ts';
import type { KubeObject, ResourceKind } from '../../kube/resource.ts';
import type { KubeTransport } from '../../kube/transport.ts';
import type { Logger } from '../../platform/logging.ts';
import { serviceAccounts, startMirrors } from './mirrors.ts';

export interface RemoteNodeApi {
  readonly api: NodeApi;
  /** Resolves once all that the node reads is there. */
  readonly synced: Promise<unknown>;
  /** Tells the last events, and follows the cluster no longer. */
  stop(): Promise<void>;
}

const writer = { fieldManager: 'kubelet' };
const kinds: { readonly [Kind in keyof NodeKinds]: ResourceKind } = {
  Node: makeKind('v1', 'Node', 'nodes', 'cluster'),
  Lease: leases,
};

/** Starts to follow the cluster as its node `nodeName`. */
export function startRemoteNodeApi(options: {
  readonly transport: KubeTransport;
  readonly nodeName: string;
  readonly log: Logger;
}): RemoteNodeApi {
  const { transport, nodeName, log } = options;
  const client = makeKubeClient(transport);
  const followed = startMirrors(options);
  const recorder = startEventRecorder({
    client,
    reportingController: 'kubelet',
    reportingInstance: nodeName,
    log,
  });
  return {
    api: { ...followed.mirrors, events: makeRecorder(recorder), ...makeWrites(client) },
    synced: followed.synced,
    stop: async () => {
      await followed.stop();
      await recorder.stop();
    },
  };
}

function makeRecorder(recorder: ReturnType<typeof startEventRecorder>): EventRecorder {
  return {
    record: (object, { type, reason, message, fieldPath }) =>
      recorder.record({ ...regardingOf(object), fieldPath }, { type, reason, action: reason, note: message }),
  };
}

function makeWrites(
  client: KubeClient,
): Pick<NodeApi, 'writePodStatus' | 'removePod' | 'issueToken' | 'read' | 'create' | 'mergePatch'> {
  return {
    writePodStatus: async (pod, status) => writePodStatus(client, pod, status),
    removePod: async (pod) => removePod(client, pod),
    issueToken: async (request) => issueToken(client, request),
    read: async <Kind extends keyof NodeKinds>(kind: Kind, name: string, namespace?: string) =>
      (await client.find(kinds[kind], { name, namespace })) as NodeKinds[Kind] | undefined,
    create: async <Kind extends keyof NodeKinds>(kind: Kind, object: KubeObject) =>
      (await client.create(kinds[kind], object, writer)) as NodeKinds[Kind],
    mergePatch: async (kind, ref, patch, subresource) => {
      const verbs = subresource === undefined ? client : client.status;
      await verbs.mergePatch(kinds[kind], ref, patch, writer);
    },
  };
}

/** A patch with the version that it is based on: conditions of others are in the list too, and must not be undone. */
async function writePodStatus(client: KubeClient, pod: Pod, status: PodStatus): Promise<Pod | undefined> {
  const { name, namespace, uid, resourceVersion } = pod.metadata;
  const patch = { metadata: { uid, resourceVersion }, status };
  try {
    return (await client.status.mergePatch(pods, { name, namespace }, patch, writer)) as Pod;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function removePod(client: KubeClient, { metadata: { name, namespace, uid } }: Pod): Promise<void> {
  const ref = { name, namespace };
  try {
    await client.delete(pods, ref, { gracePeriodSeconds: 0, preconditions: { uid } });
  } catch (error) {
    // The precondition fails with the name's next owner: the pod itself is gone then.
    const isOther = isConflict(error) && (await client.find(pods, ref))?.metadata?.uid !== uid;
    if (!isOther) throw error;
  }
}

async function issueToken(client: KubeClient, request: PodTokenRequest): Promise<PodToken> {
  const { namespace, name, audiences, expirationSeconds, pod } = request;
  const { status } = await client.transport.request<{
    readonly status: { readonly token: string; readonly expirationTimestamp: string };
  }>({
    method: 'POST',
    path: objectPath(serviceAccounts, { name, namespace }, 'token'),
    body: {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: {
        audiences,
        expirationSeconds,
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', ...pod },
      },
    },
  });
  return { token: status.token, expiresAt: Date.parse(status.expirationTimestamp) };
}
