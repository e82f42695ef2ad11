/** Owns finding a pod for a request, and holding it while there is none. */
import { holdLimit, retryAfterSeconds } from '../../../core/holding/patience.ts';
import type { HoldOutcome, Patience, Waiting } from '../../../core/holding/patience.ts';
import { refusals } from '../../errors.ts';
import type { Refusal } from '../../errors.ts';
import type { Stage } from '../../exchange.ts';
import type { DeploymentTarget } from '../../targets/deployment-target.ts';
import { fallBack } from '../../targets/fall-back.ts';
import type { RoutedExchange } from '../../targets/routed-exchange.ts';
import { Held } from './held.ts';
import type { HeldIn } from './held.ts';
import { HoldRoom } from './hold-room.ts';
import type { HoldRoomOptions } from './hold-room.ts';
import { Pause } from './pause.ts';
import { ping, takesPings } from './ping.ts';

export interface HoldOptions extends Omit<HoldRoomOptions, 'onPod' | 'onEvicted'> {
  readonly patience: Patience;
  /** Time until the first sign of life to callers who can hear it, and between two, in milliseconds; 0: none is given. */
  readonly pingMs: number;
  /** Whether the exchange's route is still one of those that traffic goes to. */
  readonly isCurrent: (exchange: RoutedExchange) => boolean;
  /** Told how long a request was held when it is sent on. */
  readonly onHeld: (milliseconds: number) => void;
}

/** One coarse look at all who wait, in place of timers for each. */
const sweepMs = 250;

type TargetState = Omit<Waiting, 'since' | 'unreachableSince'>;

/** Returns the stage that holds. */
export const makeHold = (options: HoldOptions): HoldStage => new HoldStage(options);

export class HoldStage implements Stage<RoutedExchange>, HeldIn {
  readonly name = 'queue';
  readonly room: HoldRoom;
  readonly #options: HoldOptions;
  readonly #pause: Pause;
  #sweep: NodeJS.Timeout | undefined;

  constructor(options: HoldOptions) {
    this.#options = options;
    this.#pause = new Pause(options.now);
    this.room = new HoldRoom({
      ...options,
      onPod: (held) => this.#goOn(held),
      onEvicted: ({ exchange, target }) => this.#giveUp(exchange, target, 'RejectedCapacity'),
    });
  }

  run(exchange: RoutedExchange): boolean {
    const target = exchange.route?.target;
    if (target === undefined) return false;
    if (exchange.notBefore > 0 && this.#pause.holds(exchange)) return false;
    // Nobody overtakes those who wait, and who was turned away waits for the next occasion.
    const isInLine = exchange.wasTurnedAway || this.room.waitingFor(target) > 0;
    const pod = isInLine ? undefined : target.pick(exchange);
    if (pod !== undefined) {
      exchange.takePod(pod);
      return true;
    }
    const { wasTurnedAway } = exchange;
    this.#hold(exchange, target);
    // Entered first, looked again second: a pod that came in between is not missed.
    if (!wasTurnedAway) this.room.letGo(target);
    return false;
  }

  /** The routes have changed: whoever waits for what is no longer there chooses anew. */
  reconsider(): void {
    for (const held of this.room.targets().flatMap((target) => this.room.waiters(target))) {
      if (this.#options.isCurrent(held.exchange) || !this.room.leave(held)) continue;
      this.#chooseAnew(held.exchange);
    }
  }

  finish(exchange: RoutedExchange): void {
    const { pod, reason } = exchange;
    const target = exchange.route?.target;
    // Whoever is silent until all time is up has failed, too.
    if (pod !== undefined && reason === refusals.deadline.reason) target?.noteBad(pod);
    exchange.leavePod();
    if (target !== undefined && this.room.waitingFor(target) > 0) this.room.letGo(target);
  }

  stop(): void {
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }

  overdue(held: Held): Refusal {
    return this.#refusalOf(this.#limitOf(held, this.#stateOf(held.target)).outcome, held.target);
  }

  released(held: Held): void {
    if (!this.room.leave(held)) return;
    const { exchange, target } = held;
    const { outcome } = this.#limitOf(held, this.#stateOf(target));
    target.metrics.held(exchange.finished ? 'ContextCancelled' : outcome);
  }

  #hold(exchange: RoutedExchange, target: DeploymentTarget): void {
    // It may come back from a pod after traffic has moved on: nobody is to be woken for it there.
    if (!this.#options.isCurrent(exchange)) {
      this.#chooseAnew(exchange);
      return;
    }
    const { now, pingMs } = this.#options;
    const returns = exchange.heldSince !== undefined;
    exchange.heldSince ??= now();
    exchange.wasTurnedAway = false;
    const pingAt = pingMs > 0 && takesPings(exchange) ? now() + pingMs : Number.POSITIVE_INFINITY;
    const held = new Held(this, exchange, target, pingAt);
    exchange.holder = held;
    this.#sweep ??= setInterval(() => this.#lookAtAll(), sweepMs).unref();
    if (this.room.enter(held, returns)) return;
    exchange.holder = undefined;
    this.#giveUp(exchange, target, 'RejectedCapacity');
  }

  #goOn({ exchange, target }: Held): void {
    const { now, onHeld } = this.#options;
    exchange.holder = undefined;
    exchange.heldMs = now() - (exchange.heldSince ?? now());
    onHeld(exchange.heldMs);
    target.metrics.held('Dispatched');
    exchange.proceed();
  }

  #chooseAnew(exchange: RoutedExchange): void {
    exchange.holder = undefined;
    exchange.goBackTo('choose');
    exchange.proceed();
  }

  /** Nothing comes of waiting for the target: another entity answers, where there is one, or nobody does. */
  #giveUp(
    exchange: RoutedExchange,
    target: DeploymentTarget,
    outcome: HoldOutcome,
    refused = this.#refusalOf(outcome, target),
  ): void {
    target.metrics.held(outcome);
    exchange.holder = undefined;
    if (!fallBack(exchange)) {
      exchange.refuse(refused);
      return;
    }
    exchange.heldSince = undefined;
    exchange.goBackTo(this.name);
    exchange.proceed();
  }

  #lookAtAll(): void {
    for (const target of this.room.targets()) this.#lookAt(target);
    if (this.room.requests === 0) this.stop();
  }

  #lookAt(target: DeploymentTarget): void {
    const now = this.#options.now();
    const state = this.#stateOf(target);
    for (const held of this.room.waiters(target)) {
      const { until, outcome } = this.#limitOf(held, state);
      if (until <= now) {
        const refused = this.#refusalOf(outcome, target);
        if (this.room.leave(held)) this.#giveUp(held.exchange, target, outcome, refused);
      } else if (held.pingAt <= now) {
        held.pingAt = now + this.#options.pingMs;
        ping(held.exchange);
      }
    }
  }

  /** What holds for all who wait for the target. */
  #stateOf(target: DeploymentTarget): TargetState {
    return {
      availableSince: target.availableSince,
      isCalledReady: target.usable.length > 0,
      expectedWakeMs: target.wakeTimes.expectedMs,
    };
  }

  #limitOf({ exchange }: Held, state: TargetState): ReturnType<typeof holdLimit> {
    const { heldSince: since = this.#options.now(), unreachableSince } = exchange;
    return holdLimit({ ...state, since, unreachableSince }, this.#options.patience);
  }

  #refusalOf(outcome: HoldOutcome, target: DeploymentTarget): Refusal {
    const since = this.room.since(target);
    const elapsedMs = target.isAvailable ? undefined : this.#options.now() - (since ?? this.#options.now());
    const seconds = retryAfterSeconds(elapsedMs, target.wakeTimes.expectedMs, Math.random());
    if (outcome === 'RejectedCapacity') return refusals.holdFull(seconds);
    return outcome === 'EvictedTTL' ? refusals.holdTurnTimeout(seconds) : refusals.holdTimeout(seconds);
  }
}
