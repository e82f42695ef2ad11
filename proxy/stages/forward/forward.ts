/** Owns sending a request on and streaming its answer back, with backpressure and aborts in both directions. */
import type { Exchange, Stage } from '../../exchange.ts';
import type { ForwardRules } from './forward-rules.ts';
import { Forwarding } from './forwarding.ts';

/** Returns the stage that forwards. */
export function makeForward<E extends Exchange>(rules: ForwardRules<E>): Stage<E> {
  return {
    name: 'forward',
    run: (exchange) => {
      exchange.listen();
      const forwarding = new Forwarding(exchange, rules);
      exchange.holder = forwarding;
      forwarding.start(false);
      return false;
    },
  };
}
