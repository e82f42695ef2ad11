/** Owns the copies that a node keeps of a remote cluster: informers, in the shape that the node agent reads. */
import type { KubeObject as NodeObject } from '../../devcluster/apiserver/objects/kube-object.ts';
import type { Mirror, NodeApi } from '../../devcluster/node-agent/node-api.ts';
import { startInformer } from '../../kube/informer.ts';
import type { Informer } from '../../kube/informer.ts';
import { configMaps, endpointSlices, pods, secrets, services } from '../../kube/kinds.ts';
import { keyOf, makeKind } from '../../kube/resource.ts';
import type { KubeObject, ResourceKind } from '../../kube/resource.ts';
import type { KubeTransport } from '../../kube/transport.ts';
import type { Logger } from '../../platform/logging.ts';

export const serviceAccounts = makeKind('v1', 'ServiceAccount', 'serviceaccounts');

type Mirrors = Pick<
  NodeApi,
  'pods' | 'services' | 'endpointSlices' | 'configMaps' | 'secrets' | 'serviceAccounts'
>;

export interface RunningMirrors {
  readonly mirrors: Mirrors;
  /** Resolves once all of them are complete. */
  readonly synced: Promise<unknown>;
  stop(): Promise<void>;
}

/** Starts to follow what a node needs; of pods, those that are bound to `nodeName` alone. */
export function startMirrors(options: {
  readonly transport: KubeTransport;
  readonly nodeName: string;
  readonly log: Logger;
}): RunningMirrors {
  const { transport, nodeName, log } = options;
  const informers: Informer<KubeObject>[] = [];
  const follow = (kind: ResourceKind, fieldSelector?: string): Informer<KubeObject> => {
    const informer = startInformer({
      transport,
      kind,
      log,
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
    });
    informers.push(informer);
    return informer;
  };
  return {
    mirrors: {
      pods: mirrorOf(follow(pods, `spec.nodeName=${nodeName}`)),
      services: mirrorOf(follow(services)),
      endpointSlices: mirrorOf(follow(endpointSlices)),
      configMaps: mirrorOf(follow(configMaps)),
      secrets: mirrorOf(follow(secrets)),
      serviceAccounts: mirrorOf(follow(serviceAccounts)),
    },
    synced: Promise.all(informers.map(({ synced }) => synced)),
    stop: async () => {
      await Promise.all(informers.map((informer) => informer.stop()));
    },
  };
}

/** Both rooms have types of their own for what is the same JSON: an object that the server sent has all its metadata. */
function mirrorOf<T extends NodeObject>(informer: Informer<KubeObject>): Mirror<T> {
  const { store } = informer;
  return {
    get: (name, namespace) => store.get(keyOf({ name, namespace })) as T | undefined,
    list: (namespace) => store.list(namespace) as T[],
    onChange: (listener) => {
      const stop = informer.onChange(({ type, object }) =>
        listener(object as T, type === 'deleted' ? 'deleted' : 'present'),
      );
      return { stop };
    },
  };
}
