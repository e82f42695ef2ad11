/** Owns what the node agent asks of a Kubernetes API: copies to read at once, writes that take time and may fail. */
import type { KubeObject, ObjectInput } from '../apiserver/objects/kube-object.ts';
import type { EventRecorder } from '../controllers/objects/events.ts';
import type {
  ConfigMap,
  EndpointSlice,
  Lease,
  Node,
  Pod,
  PodStatus,
  Secret,
  Service,
  ServiceAccount,
} from '../controllers/objects/kinds.ts';

/** Told of an object that there is or was; it should note what to look at and return. */
export type ChangeListener<T extends KubeObject> = (object: T, change: 'present' | 'deleted') => void;

/** A copy of a kind's objects that follows the API: it may be behind. Its objects are frozen and shared. */
export interface Mirror<T extends KubeObject> {
  get(name: string, namespace: string): T | undefined;
  /** Of all namespaces where none is named. */
  list(namespace?: string): readonly T[];
  /** Tells `listener` of every object that there is, before it returns, and then of each change, in order. */
  onChange(listener: ChangeListener<T>): { stop(): void };
}

/** The kinds that the node writes about itself. */
export interface NodeKinds {
  Node: Node;
  Lease: Lease;
}

export interface PodTokenRequest {
  readonly namespace: string;
  /** The ServiceAccount's name. */
  readonly name: string;
  /** Absent: those of the API itself. */
  readonly audiences?: readonly string[];
  readonly expirationSeconds: number;
  /** The token ends with this pod. */
  readonly pod: { readonly name: string; readonly uid: string };
}

export interface PodToken {
  readonly token: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/**
 * One cluster, as one node of it sees it. Writes reject where the API refuses or cannot be reached, also because what
 * they are based on has changed meanwhile: whoever writes looks again and tries again.
 */
export interface NodeApi {
  /** The pods that are bound to this node. */
  readonly pods: Mirror<Pod>;
  readonly services: Mirror<Service>;
  readonly endpointSlices: Mirror<EndpointSlice>;
  readonly configMaps: Mirror<ConfigMap>;
  readonly secrets: Mirror<Secret>;
  readonly serviceAccounts: Mirror<ServiceAccount>;
  readonly events: EventRecorder;
  /** Replaces the status of exactly this state of this pod, and returns its new state; undefined where the pod is gone. */
  writePodStatus(pod: Pod, status: PodStatus): Promise<Pod | undefined>;
  /** Takes the pod's object away for good, unless another pod has its name by now. */
  removePod(pod: Pod): Promise<void>;
  issueToken(request: PodTokenRequest): Promise<PodToken>;
  /** Reads the object itself, not a copy; undefined where there is none. */
  read<Kind extends keyof NodeKinds>(
    kind: Kind,
    name: string,
    namespace?: string,
  ): Promise<NodeKinds[Kind] | undefined>;
  create<Kind extends keyof NodeKinds>(
    kind: Kind,
    object: ObjectInput<NodeKinds[Kind]>,
  ): Promise<NodeKinds[Kind]>;
  mergePatch(
    kind: keyof NodeKinds,
    ref: { readonly name: string; readonly namespace?: string },
    patch: object,
    subresource?: 'status',
  ): Promise<void>;
}
