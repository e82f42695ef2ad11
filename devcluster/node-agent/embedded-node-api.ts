/** Owns the node agent's way to the embedded cluster: the same process, so that nothing is ever behind. */
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logging.ts';
import type { LocalClient } from '../apiserver/client/local-client.ts';
import { ApiError } from '../apiserver/errors/api-error.ts';
import type { JsonObject, KubeObject } from '../apiserver/objects/kube-object.ts';
import type { ApiServer } from '../apiserver/server.ts';
import { makeEventRecorder } from '../controllers/objects/events.ts';
import type { Pod } from '../controllers/objects/kinds.ts';
import type { Mirror, NodeApi, NodeKinds } from './node-api.ts';

const versionOf = { Node: 'v1', Lease: 'coordination.k8s.io/v1' } as const;

/** Returns the API of the node `nodeName`; what it writes is the field manager `kubelet`'s. */
export function makeEmbeddedNodeApi(options: {
  readonly api: Pick<ApiServer, 'localClient' | 'issueServiceAccountToken'>;
  readonly nodeName: string;
  readonly log: Logger;
  readonly clock: Clock;
}): NodeApi {
  const { api, nodeName, log, clock } = options;
  const client = api.localClient('kubelet');
  const pods = client.resource<Pod>('v1', 'Pod');
  const clientOf = <Kind extends keyof NodeKinds>(kind: Kind) =>
    client.resource<NodeKinds[Kind]>(versionOf[kind], kind);
  return {
    pods: mirrorOf<Pod>(client, 'v1', 'Pod', `spec.nodeName=${nodeName}`),
    services: mirrorOf(client, 'v1', 'Service'),
    endpointSlices: mirrorOf(client, 'discovery.k8s.io/v1', 'EndpointSlice'),
    configMaps: mirrorOf(client, 'v1', 'ConfigMap'),
    secrets: mirrorOf(client, 'v1', 'Secret'),
    serviceAccounts: mirrorOf(client, 'v1', 'ServiceAccount'),
    events: makeEventRecorder({ client, component: 'kubelet', log, clock }),
    writePodStatus: (pod, status) =>
      Promise.try(() => unlessGone(() => pods.updateStatus({ ...pod, status }))),
    removePod: ({ metadata: { name, namespace, uid } }) => {
      const remove = (): void =>
        pods.delete(name, namespace, { gracePeriodSeconds: 0, preconditions: { uid } });
      // The precondition fails with the name's next owner: the pod itself is gone then.
      const isOther = (): boolean => pods.get(name, namespace)?.metadata.uid !== uid;
      return Promise.try(() => unlessGone(remove, isOther));
    },
    issueToken: (request) => api.issueServiceAccountToken(request),
    read: (kind, name, namespace) => Promise.try(() => clientOf(kind).get(name, namespace)),
    create: (kind, object) => Promise.try(() => clientOf(kind).create(object)),
    mergePatch: (kind, { name, namespace }, patch, subresource) =>
      Promise.try(() => {
        clientOf(kind).mergePatch(name, namespace, patch as JsonObject, subresource);
      }),
  };
}

function mirrorOf<T extends KubeObject>(
  client: LocalClient,
  apiVersion: string,
  kind: string,
  fieldSelector?: string,
): Mirror<T> {
  const resource = client.resource<T>(apiVersion, kind);
  return {
    get: (name, namespace) => resource.get(name, namespace),
    list: (namespace) => resource.list({ namespace, fieldSelector }),
    onChange: (listener) =>
      resource.watch({ fieldSelector }, ({ type, object }) =>
        listener(object, type === 'DELETED' ? 'deleted' : 'present'),
      ),
  };
}

function unlessGone<T>(write: () => T, isOther = (): boolean => false): T | undefined {
  try {
    return write();
  } catch (error) {
    const status = error instanceof ApiError ? error.httpStatus : 0;
    if (status === 404 || (status === 409 && isOther())) return undefined;
    throw error;
  }
}
