/** Owns the writing of child objects: server-side apply by one field manager, never over somebody else's object. */
import type { KubeClient } from '../../kube/client.ts';
import { isConflict } from '../../kube/api-error.ts';
import { refOf, resourceNameOf } from '../../kube/resource.ts';
import type { KubeObject, ResourceKind } from '../../kube/resource.ts';
import { fieldManager } from '../serving-endpoint/names.ts';
import { appliedHash, checkChild, takenBy, withAppliedHash } from './check-child.ts';
import type { Taken } from './check-child.ts';

/** An object that should exist, and what the stores know of it. */
export interface Child<Type extends KubeObject = KubeObject> {
  readonly kind: ResourceKind<Type>;
  readonly wanted: Type;
  readonly observed: Type | undefined;
}

export type Applied = 'unchanged' | 'applied' | Taken;

export class ChildWriter {
  readonly #client: KubeClient;
  /** Objects that an apply did not change, although they read differently, with the hash of what was applied. */
  readonly #settled = new WeakMap<KubeObject, string>();

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /**
   * Makes the object what it should be. Returns whose the name is, and writes nothing, where it is taken.
   *
   * @throws as KubeClient.apply does.
   */
  async apply<Type extends KubeObject>({ kind, wanted, observed }: Child<Type>): Promise<Applied> {
    const verdict = checkChild(wanted, observed);
    if (verdict === 'current') return 'unchanged';
    if (verdict === 'notOwned' || verdict === 'leftOver') return verdict;
    if (observed === undefined) return this.#create(kind, wanted);
    if (this.#settled.get(observed) === appliedHash(wanted)) return 'unchanged';
    const written = await this.#client.apply(kind, withAppliedHash(wanted), { fieldManager });
    this.#settle(wanted, observed, written);
    return 'applied';
  }

  /** The stores hold only what carries our labels, so the name may be taken by an object that they do not show. */
  async #create<Type extends KubeObject>(kind: ResourceKind<Type>, wanted: Type): Promise<Applied> {
    const live = await this.#client.find(kind, refOf(wanted));
    const taken = live === undefined ? undefined : takenBy(wanted, live);
    if (taken !== undefined) return taken;
    try {
      // Not forced: an object that somebody made since the look above is a conflict, not a prey.
      await this.#client.apply(kind, withAppliedHash(wanted), { fieldManager, force: live !== undefined });
    } catch (error) {
      if (isConflict(error) && live === undefined) return 'notOwned';
      throw error;
    }
    return 'applied';
  }

  // Where the API server writes a value in its own way, comparing says "outdated" for ever; applying once tells.
  #settle(wanted: KubeObject, observed: KubeObject, written: KubeObject): void {
    const { resourceVersion } = written.metadata ?? {};
    if (resourceVersion === undefined || observed.metadata?.resourceVersion !== resourceVersion) return;
    this.#settled.set(observed, appliedHash(wanted));
  }
}

/** Returns an object's kind and name for messages: `deployments.apps "wine-0123456789"`. */
export const describeChild = (kind: ResourceKind, object: KubeObject): string =>
  `${resourceNameOf(kind)} "${object.metadata?.name ?? ''}"`;
