/** Owns the pods behind one Deployment: which there are, which can be used, and who wants to know of changes. */
import { WakeTimes } from '../../core/holding/wake-times.ts';
import type { OutlierRules } from '../../core/routing/outlier.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logging.ts';
import type { Pool } from '../upstream/pool.ts';
import { Ejector } from './ejector.ts';
import { PodChoice } from './pod-choice.ts';
import type { PodWish } from './pod-choice.ts';
import { Pod, podKey } from './pod.ts';
import type { PodAddress } from './pod.ts';
import { probePod } from './probe-pod.ts';
import type { EndpointMetrics } from './traffic-metrics.ts';

export interface DeploymentTargetOptions {
  readonly namespace: string;
  /** metadata.name of the endpoint that it belongs to. */
  readonly endpoint: string;
  readonly deployment: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly outliers: OutlierRules;
  readonly metrics: EndpointMetrics;
  readonly makePool: (address: PodAddress) => Pool;
}

/** For how long a pod that refused a connection is passed over while there are others. */
const suspicionMs = 2_000;

export class DeploymentTarget {
  readonly namespace: string;
  readonly endpoint: string;
  readonly deployment: string;
  readonly metrics: EndpointMetrics;
  readonly wakeTimes = new WakeTimes();
  readonly #clock: Clock;
  readonly #makePool: (address: PodAddress) => Pool;
  readonly #ejector: Ejector;
  readonly #choice: PodChoice;
  readonly #pods = new Map<string, Pod>();
  readonly #listeners = new Set<() => void>();

  constructor(options: DeploymentTargetOptions) {
    this.namespace = options.namespace;
    this.endpoint = options.endpoint;
    this.deployment = options.deployment;
    this.metrics = options.metrics;
    this.#clock = options.clock;
    this.#makePool = options.makePool;
    this.#choice = new PodChoice(
      () => options.clock.monotonic(),
      (affinity) => options.metrics.affinity(affinity),
    );
    this.#ejector = new Ejector({
      rules: options.outliers,
      clock: options.clock,
      log: options.log,
      pods: () => this.#choice.usable,
      probe: probePod,
      onChange: () => this.#changed(),
      onEjected: () => this.metrics.ejected(),
    });
  }

  /** Those of `pods()` that may be sent requests. */
  get usable(): readonly Pod[] {
    return this.#choice.usable;
  }

  /** Whether there is a pod that can be sent a request now. */
  get isAvailable(): boolean {
    return this.#choice.trusted.length > 0;
  }

  /** Monotonic milliseconds since which there has been one; undefined: there is none. */
  get availableSince(): number | undefined {
    return this.#choice.availableSince;
  }

  /** How many pods are out of traffic for their failures. */
  get ejected(): number {
    return this.#ejector.out;
  }

  /** Every pod that is not going, ready or not. */
  pods(): Iterable<Pod> {
    return this.#pods.values();
  }

  /** Returns the pod to send a request to; undefined when none can take one. */
  pick(wish: PodWish): Pod | undefined {
    return this.#choice.pick(this.#choice.trusted, wish);
  }

  /** Returns a pod that has fewer than `most` requests of this process under way. */
  pickWithRoom(wish: PodWish, most: number): Pod | undefined {
    const withRoom = this.#choice.trusted.filter(({ inFlight }) => inFlight < most);
    return this.#choice.pick(withRoom, wish);
  }

  /** Whether a pod could take the request that none of `tried` is. */
  hasOther(tried: readonly Pod[]): boolean {
    return this.#choice.trusted.some((pod) => !tried.includes(pod));
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
      gone.delete(podKey(address));
      this.#setAddress(address);
    }
    for (const [key, pod] of gone) {
      this.#pods.delete(key);
      this.#ejector.forget(pod);
      pod.pool.retire();
    }
    this.#changed();
    this.#ejector.relent();
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

  /** The pod has answered as a model that is well does. */
  noteGood(pod: Pod): void {
    this.#ejector.noteGood(pod);
  }

  /** The pod has failed, or failed to answer. */
  noteBad(pod: Pod): void {
    this.#ejector.noteBad(pod);
  }

  /** New connections from now on: the certificate of this process has changed. */
  renewConnections(): void {
    for (const pod of this.#pods.values()) pod.pool.closeIdle();
  }

  stop(): void {
    this.#listeners.clear();
    this.#ejector.stop();
    for (const pod of this.#pods.values()) pod.pool.destroy();
    this.#pods.clear();
    this.#choice.update([]);
  }

  #setAddress(address: PodAddress): void {
    const key = podKey(address);
    let pod = this.#pods.get(key);
    if (pod === undefined) {
      pod = new Pod(key, this.#makePool(address));
      this.#pods.set(key, pod);
    }
    // From ready to unready is news that outweighs what the pod said itself before.
    if (pod.listedReady && !address.ready) pod.proven = false;
    pod.listedReady = address.ready;
  }

  #changed(): void {
    this.#choice.update([...this.#pods.values()].filter((pod) => pod.usable));
    for (const listener of this.#listeners) listener();
  }
}
