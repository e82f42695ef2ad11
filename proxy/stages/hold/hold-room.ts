/** Owns the requests that wait for a pod: bounded in number and bytes, in order per Deployment, let go as pods can take them. */
import type { DeploymentTarget } from '../../targets/deployment-target.ts';
import type { RoutedExchange } from '../../targets/routed-exchange.ts';

export interface HoldBounds {
  readonly requests: number;
  readonly bytes: number;
}

export interface HoldRoomOptions {
  readonly bounds: HoldBounds;
  /** The exchange has its pod (`exchange.pod`) and goes on. */
  readonly onPod: (exchange: RoutedExchange) => void;
  /** Told of the first one that waits for a target, before anything else happens. */
  readonly onFirst: (target: DeploymentTarget) => void;
  /** Told when nobody waits for a target any more. */
  readonly onEmpty: (target: DeploymentTarget) => void;
  /** Told when the number of those who wait for a target has changed by `by`. */
  readonly onCount: (target: DeploymentTarget, by: number) => void;
}

/** A fresh pod is not flooded: its sidecar would turn the surplus away. The rest follows as the first ones are answered. */
const perPod = 32;

/** What a request costs here while its body waits in the kernel's and node's buffers. */
const streamedBytes = 64 * 1024;

export class HoldRoom {
  readonly #options: HoldRoomOptions;
  readonly #waiting = new Map<DeploymentTarget, Set<RoutedExchange>>();
  readonly #unsubscribe = new Map<DeploymentTarget, () => void>();
  #requests = 0;
  #bytes = 0;

  constructor(options: HoldRoomOptions) {
    this.#options = options;
  }

  get requests(): number {
    return this.#requests;
  }

  get bytes(): number {
    return this.#bytes;
  }

  waitingFor(target: DeploymentTarget): number {
    return this.#waiting.get(target)?.size ?? 0;
  }

  /** Everybody who waits, for whatever target. */
  everybody(): RoutedExchange[] {
    return [...this.#waiting.values()].flatMap((waiting) => [...waiting]);
  }

  /** Takes the exchange in; false: there is no room. */
  enter(exchange: RoutedExchange, target: DeploymentTarget): boolean {
    const { requests, bytes } = this.#options.bounds;
    const size = bytesOf(exchange);
    if (this.#requests + 1 > requests || this.#bytes + size > bytes) return false;
    this.#requests += 1;
    this.#bytes += size;
    const waiting = this.#waiting.get(target);
    if (waiting === undefined) {
      this.#waiting.set(target, new Set([exchange]));
      this.#unsubscribe.set(
        target,
        target.onChange(() => this.letGo(target)),
      );
      this.#options.onCount(target, 1);
      this.#options.onFirst(target);
    } else {
      waiting.add(exchange);
      this.#options.onCount(target, 1);
    }
    return true;
  }

  /** Takes the exchange out, where it still waits. */
  leave(exchange: RoutedExchange, target: DeploymentTarget): void {
    const waiting = this.#waiting.get(target);
    if (waiting?.delete(exchange) !== true) return;
    this.#requests -= 1;
    this.#bytes -= bytesOf(exchange);
    this.#options.onCount(target, -1);
    if (waiting.size > 0) return;
    this.#waiting.delete(target);
    this.#unsubscribe.get(target)?.();
    this.#unsubscribe.delete(target);
    this.#options.onEmpty(target);
  }

  /** Sends on whom the target's pods can take, in order of arrival. */
  letGo(target: DeploymentTarget): void {
    for (const exchange of this.#waiting.get(target) ?? []) {
      const pod = target.pick();
      if (pod === undefined || pod.inFlight >= perPod) return;
      this.leave(exchange, target);
      exchange.takePod(pod);
      this.#options.onPod(exchange);
    }
  }
}

function bytesOf(exchange: RoutedExchange): number {
  return exchange.body?.length ?? streamedBytes;
}
