/** Owns objects for tests: the least that an API server would have stored. */
import type { ContainerStatus, Deployment, Pod, PodSpec, ReplicaSet } from './kinds.ts';
import { timestamp } from './kinds.ts';

/** The time at which test objects are made: 2026-01-01T00:00:00Z. */
export const testEpoch = Date.UTC(2026, 0, 1);

let made = 0;

function metadata(name: string, more: Partial<Pod['metadata']>): Pod['metadata'] {
  made += 1;
  return {
    name,
    namespace: 'default',
    uid: `uid-${name}`,
    resourceVersion: String(made),
    generation: 1,
    creationTimestamp: timestamp(testEpoch),
    ...more,
  };
}

const podTemplate = (image: string) => ({
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image }] },
});

export function aDeployment(
  spec: Partial<Deployment['spec']> = {},
  more: { metadata?: Partial<Pod['metadata']>; status?: Deployment['status'] } = {},
): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: metadata('web', more.metadata ?? {}),
    spec: {
      replicas: 4,
      selector: { matchLabels: { app: 'web' } },
      template: podTemplate('web:2'),
      ...spec,
    },
    ...(more.status === undefined ? {} : { status: more.status }),
  };
}

/** `available` of the `replicas` pods are ready and available. */
export function aReplicaSet(
  name: string,
  replicas: number,
  available = replicas,
  more: { metadata?: Partial<Pod['metadata']>; image?: string; minReadySeconds?: number } = {},
): ReplicaSet {
  const { minReadySeconds } = more;
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: metadata(name, more.metadata ?? {}),
    spec: {
      replicas,
      selector: { matchLabels: { app: 'web' } },
      template: podTemplate(more.image ?? 'web:1'),
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
    },
    status: {
      replicas,
      readyReplicas: available,
      availableReplicas: available,
      observedGeneration: 1,
    },
  };
}

export function aPod(
  name: string,
  more: {
    metadata?: Partial<Pod['metadata']>;
    spec?: Partial<PodSpec>;
    phase?: string;
    podIP?: string;
    /** When it became ready, in milliseconds since the epoch; absent: it is not. */
    readySince?: number;
    containerStatuses?: ContainerStatus[];
  } = {},
): Pod {
  const { readySince, podIP } = more;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: metadata(name, { labels: { app: 'web' }, ...more.metadata }),
    spec: { containers: [{ name: 'web', image: 'web:1' }], nodeName: 'fairlead-node', ...more.spec },
    status: {
      phase: more.phase ?? 'Running',
      ...(podIP === undefined ? {} : { podIP }),
      ...(more.containerStatuses === undefined ? {} : { containerStatuses: more.containerStatuses }),
      conditions: [
        readySince === undefined
          ? { type: 'Ready', status: 'False' }
          : { type: 'Ready', status: 'True', lastTransitionTime: timestamp(readySince) },
      ],
    },
  };
}
