/** Owns finding a pod for a request, and holding it while there is none. */
import { headerOf } from '../../http1/header-of.ts';
import type { ResponseHead } from '../../http1/response-head.ts';
import { droppedReasonHeader, refusals } from '../../errors.ts';
import type { Refusal } from '../../errors.ts';
import type { Exchange, Holder, Stage } from '../../exchange.ts';
import type { DeploymentTarget } from '../../targets/deployment-target.ts';
import { RoutedExchange } from '../../targets/routed-exchange.ts';
import type { Pod } from '../../targets/pod.ts';
import { HoldRoom } from './hold-room.ts';
import type { HoldRoomOptions } from './hold-room.ts';

export interface HoldOptions extends Omit<HoldRoomOptions, 'onPod'> {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Whether the exchange's route is still one of those that traffic goes to. */
  readonly isCurrent: (exchange: RoutedExchange) => boolean;
  /** Told how long a request was held when it is sent on. */
  readonly onHeld: (milliseconds: number) => void;
}

/** How long a request waits for pods that are called ready and cannot be reached. */
const unreachableMs = 15_000;

/** Returns the stage that holds. */
export const makeHold = (options: HoldOptions): HoldStage => new HoldStage(options);

export class HoldStage implements Stage<RoutedExchange> {
  readonly name = 'queue';
  readonly room: HoldRoom;
  readonly #now: () => number;
  readonly #isCurrent: (exchange: RoutedExchange) => boolean;
  readonly #starting: Holder;
  readonly #unreachable: Holder;

  constructor(options: HoldOptions) {
    const { now } = options;
    this.#now = now;
    this.#isCurrent = options.isCurrent;
    this.#starting = this.#holderWith(refusals.holdTimeout);
    this.#unreachable = this.#holderWith(refusals.unreachable);
    this.room = new HoldRoom({
      ...options,
      onPod: (exchange) => {
        exchange.holder = undefined;
        exchange.deadline = exchange.fullDeadline ?? exchange.deadline;
        exchange.heldMs = now() - (exchange.heldSince ?? now());
        options.onHeld(exchange.heldMs);
        exchange.proceed();
      },
    });
  }

  run(exchange: RoutedExchange): boolean {
    const target = exchange.route?.target;
    if (target === undefined) return false;
    const heldBefore = exchange.heldSince !== undefined;
    // Nobody overtakes those who wait, and who was turned away waits for the next occasion.
    const pod = heldBefore || this.room.waitingFor(target) > 0 ? undefined : target.pick();
    if (pod !== undefined) {
      exchange.takePod(pod);
      return true;
    }
    this.#hold(exchange, target);
    // Entered first, looked again second: a pod that came in between is not missed.
    if (!heldBefore) this.room.letGo(target);
    return false;
  }

  /** The pod could not be connected to. `now`: the exchange has another. `later`: it is held until there is one. */
  findAnother(exchange: RoutedExchange): 'now' | 'later' {
    const target = exchange.route?.target;
    const other = this.#leaveSuspect(exchange, target);
    if (other !== undefined) {
      exchange.takePod(other);
      return 'now';
    }
    exchange.goBackTo('forward');
    if (target !== undefined) this.#hold(exchange, target);
    return 'later';
  }

  /**
   * True: the request is held again. The sidecar had no room for one that was held before and is not to be refused at
   * last; or it could not reach its model, so that no model has seen the request.
   */
  takesBack(exchange: RoutedExchange, head: ResponseHead): boolean {
    if ((head.status !== 429 && head.status !== 503) || exchange.body === undefined) return false;
    const reason = headerOf(head.headers, droppedReasonHeader);
    if (head.status === 503 && reason === refusals.unreachable.reason) {
      this.#leaveSuspect(exchange, exchange.route?.target);
    } else if (reason !== refusals.queueFull.reason || exchange.heldSince === undefined) {
      return false;
    }
    exchange.leavePod();
    exchange.goBackTo('queue');
    return true;
  }

  /** The routes have changed: whoever waits for what is no longer there chooses anew. */
  reconsider(): void {
    for (const exchange of this.room.everybody()) {
      if (this.#isCurrent(exchange)) continue;
      this.#leaveRoom(exchange);
      this.#chooseAnew(exchange);
    }
  }

  finish(exchange: RoutedExchange): void {
    const target = exchange.route?.target;
    exchange.leavePod();
    if (target !== undefined && this.room.waitingFor(target) > 0) this.room.letGo(target);
  }

  #chooseAnew(exchange: RoutedExchange): void {
    exchange.holder = undefined;
    exchange.goBackTo('choose');
    exchange.proceed();
  }

  #hold(exchange: RoutedExchange, target: DeploymentTarget): void {
    // It may come back from a pod after traffic has moved on: nobody is to be woken for it there.
    if (!this.#isCurrent(exchange)) {
      this.#chooseAnew(exchange);
      return;
    }
    exchange.heldSince ??= this.#now();
    exchange.holder = this.#starting;
    const { unreachableSince } = exchange;
    if (unreachableSince !== undefined) {
      exchange.holder = this.#unreachable;
      exchange.fullDeadline ??= exchange.deadline;
      exchange.deadline = Math.min(exchange.fullDeadline, unreachableSince + unreachableMs);
    }
    if (this.room.enter(exchange, target)) return;
    exchange.holder = undefined;
    exchange.refuse(refusals.holdFull);
  }

  /** Takes the exchange away from a pod that cannot be reached; returns one that perhaps can be. */
  #leaveSuspect(exchange: RoutedExchange, target: DeploymentTarget | undefined): Pod | undefined {
    const { pod } = exchange;
    exchange.leavePod();
    if (pod !== undefined) target?.suspect(pod);
    exchange.unreachableSince ??= this.#now();
    return target?.pick();
  }

  #holderWith(overdue: Refusal): Holder {
    return { overdue, release: (exchange) => this.#leaveRoom(exchange) };
  }

  #leaveRoom(exchange: Exchange): void {
    if (!(exchange instanceof RoutedExchange)) return;
    const target = exchange.route?.target;
    if (target !== undefined) this.room.leave(exchange, target);
  }
}
