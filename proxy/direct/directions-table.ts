/** Owns the directions of a sidecar that callers come to: the split of the traffic, and the peers behind each entity. */
import type { DirectedRoute, Directions } from '../../core/routing/directions.ts';
import { pickLeastBusy } from '../../core/routing/least-request.ts';
import { WeightedSplit } from '../../core/routing/weighted-split.ts';
import type { Pool } from '../upstream/pool.ts';
import { Peer } from './peer.ts';

export interface DirectRoute {
  readonly servedEntity: string;
  readonly percent: number;
  /** Absent for models outside the cluster. */
  readonly deployment: string | undefined;
}

type Address = DirectedRoute['pods'][number];

export class DirectionsTable {
  readonly #makePool: (address: Address) => Pool;
  readonly #now: () => number;
  readonly #peers = new Map<string, Map<string, Peer>>();
  #version = '';
  #routesKey = '';
  #routes = new Map<string, DirectRoute>();
  #split = new WeightedSplit<DirectRoute>([]);

  /** `now` tells monotonic milliseconds. */
  constructor(makePool: (address: Address) => Pool, now: () => number) {
    this.#makePool = makePool;
    this.#now = now;
  }

  /** Of the directions that it has; empty: none. */
  get version(): string {
    return this.#version;
  }

  /** Takes over directions. Peers that stay keep their connections, a split that stays goes on where it was. */
  take({ version, routes }: Directions): void {
    this.#version = version;
    const split = routes.map(({ servedEntity, percent, deployment }) => ({
      servedEntity,
      percent,
      deployment,
    }));
    const routesKey = JSON.stringify(split);
    if (routesKey !== this.#routesKey) {
      this.#routesKey = routesKey;
      this.#routes = new Map(split.map((route) => [route.servedEntity, route]));
      this.#split = new WeightedSplit(split);
    }
    const gone = new Set(this.#peers.keys());
    for (const { deployment, pods } of routes) {
      if (deployment === undefined) continue;
      gone.delete(deployment);
      this.#setPeers(deployment, pods);
    }
    for (const deployment of gone) this.#setPeers(deployment, []);
  }

  /** Whether anything is known of who serves what. */
  get isEmpty(): boolean {
    return this.#routes.size === 0;
  }

  /** Returns the entity whose turn it is; undefined when none has a share. */
  next(): DirectRoute | undefined {
    return this.#split.next();
  }

  routeOf(servedEntity: string): DirectRoute | undefined {
    return this.#routes.get(servedEntity);
  }

  /** Returns the peer of a Deployment to send a request to that none of `tried` could take; undefined: there is none. */
  pick(deployment: string, tried: readonly unknown[] = []): Peer | undefined {
    const now = this.#now();
    const peers = [...(this.#peers.get(deployment)?.values() ?? [])];
    return pickLeastBusy(
      peers.filter((peer) => peer.suspectUntil <= now && !tried.includes(peer)),
      Math.random,
    );
  }

  /** New connections from now on: the certificate of this process has changed. */
  renewConnections(): void {
    for (const peer of this.#all()) peer.pool.closeIdle();
  }

  stop(): void {
    for (const peer of this.#all()) peer.pool.destroy();
    this.#peers.clear();
  }

  *#all(): Iterable<Peer> {
    for (const peers of this.#peers.values()) yield* peers.values();
  }

  #setPeers(deployment: string, pods: readonly Address[]): void {
    const known = this.#peers.get(deployment) ?? new Map<string, Peer>();
    const next = new Map<string, Peer>();
    for (const pod of pods) {
      const key = `${pod.host} ${pod.port}`;
      next.set(key, known.get(key) ?? new Peer(this.#makePool(pod)));
    }
    for (const [key, peer] of known) if (!next.has(key)) peer.pool.retire();
    if (next.size === 0) this.#peers.delete(deployment);
    else this.#peers.set(deployment, next);
  }
}
