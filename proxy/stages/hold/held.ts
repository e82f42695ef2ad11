/** Owns one request that waits for a pod: for which one, since when, and what becomes of it while it waits. */
import type { Occupant } from '../../../core/holding/fair-shares.ts';
import type { Refusal } from '../../errors.ts';
import type { Exchange, Holder } from '../../exchange.ts';
import type { DeploymentTarget } from '../../targets/deployment-target.ts';
import type { RoutedExchange } from '../../targets/routed-exchange.ts';

/** What a request costs here while its body waits in the kernel's and node's buffers. */
const streamedBytes = 64 * 1024;

/** Where requests wait; told by those who leave it before their turn. */
export interface HeldIn {
  /** What `held` is told when its time is up now. */
  overdue(held: Held): Refusal;
  /** The caller is gone, or its time is up. */
  released(held: Held): void;
}

export class Held implements Holder, Occupant {
  readonly exchange: RoutedExchange;
  readonly target: DeploymentTarget;
  readonly flow: string;
  readonly bytes: number;
  /** Monotonic milliseconds at which its caller is told that it still waits. */
  pingAt: number;
  readonly #room: HeldIn;

  constructor(room: HeldIn, exchange: RoutedExchange, target: DeploymentTarget, pingAt: number) {
    this.#room = room;
    this.exchange = exchange;
    this.target = target;
    this.flow = exchange.principal;
    this.bytes = exchange.body?.length ?? streamedBytes;
    this.pingAt = pingAt;
  }

  get overdue(): Refusal {
    return this.#room.overdue(this);
  }

  release(_exchange: Exchange): void {
    this.#room.released(this);
  }
}
