/** Owns settling what a request has used: heard as it passes, where somebody wants to know it, at the first hop. */
import type { AccountingPlan } from '../../../core/accounting/accounting-plan.ts';
import type { Exchange, Stage } from '../../exchange.ts';
import { addRequestTap, addTap } from '../../taps.ts';
import { UsageMeter } from './usage-meter.ts';

/**
 * Returns the stage that settles: it fills `exchange.usage`, which others settle by when they finish.
 *
 * @param planOf - what is accounted of an exchange; undefined: nothing.
 */
export function makeSettle<E extends Exchange>(
  planOf: (exchange: E) => AccountingPlan | undefined,
): Stage<E> {
  return {
    name: 'settle',
    run: () => true,
    listen: (exchange) => {
      // Frames of a WebSocket and messages of gRPC say nothing of usage.
      if (exchange.accounted || exchange.asksForTunnel || exchange.isGrpc) return;
      const plan = planOf(exchange);
      if (plan === undefined) return;
      const isLanguageModel = plan.languageModels.includes(exchange.servedEntity);
      if (!plan.usage && !isLanguageModel) return;
      const meter = new UsageMeter(plan.languageModels);
      exchange.meter = meter;
      addTap(exchange, meter);
      if (isLanguageModel) addRequestTap(exchange, meter);
    },
    finish: (exchange) => {
      if (exchange.meter !== undefined) exchange.usage = exchange.meter.read(exchange);
    },
  };
}
