/** Owns the wait for a turn at the model beside a sidecar, and that demand counts who waits and who is served. */
import type { DemandMeter } from '../../demand/demand-meter.ts';
import { refusals } from '../../errors.ts';
import type { Exchange, Holder, Stage } from '../../exchange.ts';
import { Slots } from './slots.ts';
import type { SlotBounds } from './slots.ts';

export interface QueueStage<E extends Exchange> extends Stage<E> {
  readonly slots: Slots<E>;
}

/** Returns the stage that queues. */
export function makeQueue<E extends Exchange>(options: {
  readonly bounds: () => SlotBounds;
  readonly demand: DemandMeter;
  readonly now: () => number;
}): QueueStage<E> {
  const { demand } = options;
  const slots: Slots<E> = new Slots<E>({
    bounds: options.bounds,
    now: options.now,
    onTurn: (exchange) => {
      exchange.holder = undefined;
      exchange.hasTurn = true;
      demand.change(1, -1);
      exchange.proceed();
    },
    onTimeout: (exchange) => {
      exchange.holder = undefined;
      demand.change(0, -1);
      exchange.refuse(refusals.queueTimeout);
    },
  });
  const waiting: Holder = {
    release: (exchange) => {
      slots.leave(exchange as E);
      demand.change(0, -1);
    },
    overdue: refusals.queueTimeout,
  };
  return {
    name: 'queue',
    slots,
    run: (exchange) => {
      switch (slots.take(exchange)) {
        case 'taken':
          exchange.hasTurn = true;
          demand.change(1, 0);
          return true;
        case 'waits':
          exchange.holder = waiting;
          demand.change(0, 1);
          return false;
        case 'full':
          exchange.refuse(refusals.queueFull);
          return false;
      }
    },
    finish: (exchange) => {
      if (!exchange.hasTurn) return;
      exchange.hasTurn = false;
      demand.change(-1, 0);
      demand.countFinished();
      slots.giveBack();
    },
  };
}
