/** Owns the pods behind one Deployment: which there are, which can be used, and who wants to know of changes. */
import { pickLeastBusy } from '../../core/routing/least-request.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Pool } from '../upstream/pool.ts';
import { Pod } from './pod.ts';
import type { PodAddress } from './pod.ts';

export interface DeploymentTargetOptions {
  readonly namespace: string;
  /** metadata.name of the endpoint that it belongs to. */
  readonly endpoint: string;
  readonly deployment: string;
  readonly clock: Clock;
  readonly makePool: (address: PodAddress) => Pool;
}

/** For how long a pod that refused a connection is passed over while there are others. */
const suspicionMs = 2_000;

export class DeploymentTarget {
  readonly namespace: string;
  readonly endpoint: string;
  readonly deployment: string;
  readonly #clock: Clock;
  readonly #makePool: (address: PodAddress) => Pool;
  readonly #pods = new Map<string, Pod>();
  readonly #listeners = new Set<() => void>();
  #usable: Pod[] = [];
  #suspects = 0;

  constructor(options: DeploymentTargetOptions) {
    this.namespace = options.namespace;
    this.endpoint = options.endpoint;
    this.deployment = options.deployment;
    this.#clock = options.clock;
    this.#makePool = options.makePool;
  }

  /** Those of `pods()` that may be sent requests. */
  get usable(): readonly Pod[] {
    return this.#usable;
  }

  /** Every pod that is not going, ready or not. */
  pods(): Iterable<Pod> {
    return this.#pods.values();
  }

  /** Returns the pod to send a request to; undefined when none can take one. */
  pick(): Pod | undefined {
    if (this.#suspects === 0) return pickLeastBusy(this.#usable, Math.random);
    const now = this.#clock.monotonic();
    const trusted = this.#usable.filter((pod) => pod.suspectUntil <= now);
    if (trusted.length === this.#usable.length) this.#suspects = 0;
    return pickLeastBusy(trusted, Math.random);
  }

  /** Calls back after each change of the pods; returns how to end that. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes `addresses` as all that there are. */
  setAddresses(addresses: readonly PodAddress[]): void {
    const gone = new Map(this.#pods);
    for (const address of addresses) {
      const key = `${address.host} ${address.port}`;
      gone.delete(key);
      this.#setAddress(key, address);
    }
    for (const [key, pod] of gone) {
      this.#pods.delete(key);
      pod.pool.retire();
    }
    this.#changed();
  }

  /** The pod has answered that it is ready. */
  prove(pod: Pod): void {
    pod.proven = true;
    pod.suspectUntil = 0;
    this.#changed();
  }

  /** The pod has refused a connection. */
  suspect(pod: Pod): void {
    pod.proven = false;
    pod.suspectUntil = this.#clock.monotonic() + suspicionMs;
    this.#changed();
  }

  /** New connections from now on: the certificate of this process has changed. */
  renewConnections(): void {
    for (const pod of this.#pods.values()) pod.pool.closeIdle();
  }

  stop(): void {
    this.#listeners.clear();
    for (const pod of this.#pods.values()) pod.pool.destroy();
    this.#pods.clear();
    this.#usable = [];
  }

  #setAddress(key: string, address: PodAddress): void {
    let pod = this.#pods.get(key);
    if (pod === undefined) {
      pod = new Pod(address, this.#makePool(address));
      pod.seenAt = this.#clock.monotonic();
      this.#pods.set(key, pod);
    }
    // From ready to unready is news that outweighs what the pod said itself before.
    if (pod.listedReady && !address.ready) pod.proven = false;
    pod.listedReady = address.ready;
  }

  #changed(): void {
    this.#usable = [...this.#pods.values()].filter((pod) => pod.usable);
    this.#suspects = this.#usable.filter((pod) => pod.suspectUntil > 0).length;
    for (const listener of this.#listeners) listener();
  }
}
