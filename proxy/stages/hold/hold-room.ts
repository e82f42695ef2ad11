/** Owns the requests that wait for a pod: bounded in number and bytes, in all and for each endpoint, and let go in fair turns. */
import { FairQueue } from '../../../core/holding/fair-queue.ts';
import { FairShares } from '../../../core/holding/fair-shares.ts';
import type { RoomBounds } from '../../../core/holding/fair-shares.ts';
import type { DeploymentTarget } from '../../targets/deployment-target.ts';
import type { Held } from './held.ts';

export interface HoldBounds {
  /** Of the whole gateway. */
  readonly overall: RoomBounds;
  readonly perEndpoint: RoomBounds;
}

export interface HoldRoomOptions {
  readonly bounds: HoldBounds;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** It has its pod (`exchange.pod`) and goes on. */
  readonly onPod: (held: Held) => void;
  /** It has to make room for one with a fairer claim. */
  readonly onEvicted: (held: Held) => void;
  /** Told of the first one that waits for a target, before anything else happens. */
  readonly onFirst: (target: DeploymentTarget) => void;
  /** Told when nobody waits for a target any more. */
  readonly onEmpty: (target: DeploymentTarget) => void;
  /** Told when the number of those who wait for a target has changed by `by`. */
  readonly onCount: (target: DeploymentTarget, by: number) => void;
}

/** A fresh pod is not flooded: its sidecar would turn the surplus away. The rest follows as the first ones are answered. */
const perPod = 32;

interface Line {
  readonly queue: FairQueue<Held>;
  readonly stopListening: () => void;
  /** Monotonic milliseconds since which somebody has been waiting. */
  readonly since: number;
}

export class HoldRoom {
  readonly #options: HoldRoomOptions;
  readonly #overall: FairShares<Held>;
  readonly #endpoints = new Map<string, FairShares<Held>>();
  readonly #lines = new Map<DeploymentTarget, Line>();

  constructor(options: HoldRoomOptions) {
    this.#options = options;
    this.#overall = new FairShares(options.bounds.overall);
  }

  get requests(): number {
    return this.#overall.requests;
  }

  get bytes(): number {
    return this.#overall.bytes;
  }

  waitingFor(target: DeploymentTarget): number {
    return this.#lines.get(target)?.queue.size ?? 0;
  }

  /** Returns since when somebody has been waiting for the target, in monotonic milliseconds. */
  since(target: DeploymentTarget): number | undefined {
    return this.#lines.get(target)?.since;
  }

  /** What somebody waits for. */
  targets(): DeploymentTarget[] {
    return [...this.#lines.keys()];
  }

  /** Who waits for the target. */
  waiters(target: DeploymentTarget): Held[] {
    return [...(this.#lines.get(target)?.queue ?? [])];
  }

  /** Takes it in, before the others of its principal where it `returns`; false: there is no room. */
  enter(held: Held, returns: boolean): boolean {
    const { bounds, onEvicted } = this.#options;
    const label = labelOf(held.target);
    const own = this.#endpoints.get(label) ?? new FairShares<Held>(bounds.perEndpoint);
    const ofOwn = own.planEntry(held);
    const ofAll = ofOwn === undefined ? undefined : this.#overall.planEntry(held, new Set(ofOwn));
    if (ofOwn === undefined || ofAll === undefined) return false;
    this.#endpoints.set(label, own);
    own.add(held);
    this.#overall.add(held);
    this.#lineUp(held, returns);
    for (const other of [...ofOwn, ...ofAll]) if (this.leave(other)) onEvicted(other);
    return true;
  }

  /** Takes it out; returns whether it still waited. */
  leave(held: Held): boolean {
    const { target } = held;
    const line = this.#lines.get(target);
    if (line?.queue.remove(held.flow, held) !== true) return false;
    this.#noteLeft(held);
    if (line.queue.size === 0) this.#close(target, line);
    return true;
  }

  /** Sends on whom the target's pods can take, in fair turns. */
  letGo(target: DeploymentTarget): void {
    const line = this.#lines.get(target);
    if (line === undefined) return;
    for (let held = line.queue.peek(); held !== undefined; held = line.queue.peek()) {
      const pod = target.pickWithRoom(held.exchange, perPod);
      if (pod === undefined) return;
      line.queue.shift();
      this.#noteLeft(held);
      if (line.queue.size === 0) this.#close(target, line);
      held.exchange.takePod(pod);
      this.#options.onPod(held);
    }
  }

  #lineUp(held: Held, returns: boolean): void {
    const { onCount, onFirst, now } = this.#options;
    const { target, flow } = held;
    const line = this.#lines.get(target);
    if (line !== undefined) {
      line.queue.add(flow, held, returns);
      onCount(target, 1);
      return;
    }
    const queue = new FairQueue<Held>();
    queue.add(flow, held);
    const stopListening = target.onChange(() => this.letGo(target));
    this.#lines.set(target, { queue, stopListening, since: now() });
    onCount(target, 1);
    onFirst(target);
  }

  #noteLeft(held: Held): void {
    const label = labelOf(held.target);
    const own = this.#endpoints.get(label);
    own?.remove(held);
    if (own?.requests === 0) this.#endpoints.delete(label);
    this.#overall.remove(held);
    this.#options.onCount(held.target, -1);
  }

  #close(target: DeploymentTarget, line: Line): void {
    this.#lines.delete(target);
    line.stopListening();
    this.#options.onEmpty(target);
  }
}

const labelOf = ({ namespace, endpoint }: DeploymentTarget): string => `${namespace}/${endpoint}`;
