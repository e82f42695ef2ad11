/** Owns the children of controllers by owner, kept by a watch, so that a reconcile does not scan a whole namespace. */
import type { ResourceClient, Watch } from '../../apiserver/client/local-client.ts';
import type { KubeObject } from '../../apiserver/objects/kube-object.ts';
import { controllerOf } from './ownership.ts';

/** Never stale: a watch of the local client runs inside the write that it reports. */
export class ChildIndex<T extends KubeObject> {
  readonly #children = new Map<string, Map<string, T>>();
  readonly #bucketOf = new Map<string, string>();
  readonly #watch: Watch;

  /** `onChange` gets every change after the index knows it. */
  constructor(client: ResourceClient<T>, onChange: (object: T) => void) {
    this.#watch = client.watch({}, ({ type, object }) => {
      this.#forget(object.metadata.uid);
      if (type !== 'DELETED') this.#remember(object);
      onChange(object);
    });
  }

  /** Returns the children of `owner` and the orphans of its namespace, oldest first. */
  candidatesOf(owner: KubeObject): T[] {
    const children = this.#children.get(owner.metadata.uid)?.values() ?? [];
    const orphans = this.#children.get(orphanBucket(owner.metadata.namespace))?.values() ?? [];
    return [...children, ...orphans].sort(byAge);
  }

  /** Returns the objects whose controller has the uid, oldest first. */
  childrenOf(uid: string): T[] {
    return [...(this.#children.get(uid)?.values() ?? [])].sort(byAge);
  }

  stop(): void {
    this.#watch.stop();
  }

  #remember(object: T): void {
    const bucket = controllerOf(object)?.uid ?? orphanBucket(object.metadata.namespace);
    const members = this.#children.get(bucket) ?? new Map<string, T>();
    members.set(object.metadata.uid, object);
    this.#children.set(bucket, members);
    this.#bucketOf.set(object.metadata.uid, bucket);
  }

  #forget(uid: string): void {
    const bucket = this.#bucketOf.get(uid);
    if (bucket === undefined) return;
    this.#bucketOf.delete(uid);
    const members = this.#children.get(bucket);
    members?.delete(uid);
    if (members?.size === 0) this.#children.delete(bucket);
  }
}

const orphanBucket = (namespace: string | undefined): string => `orphans of ${namespace ?? ''}`;

/** Orders by creation, then by name: the order in which controllers look at old children. */
export function byAge(left: KubeObject, right: KubeObject): number {
  const age = Date.parse(left.metadata.creationTimestamp) - Date.parse(right.metadata.creationTimestamp);
  if (age !== 0) return age;
  return left.metadata.name < right.metadata.name ? -1 : 1;
}
