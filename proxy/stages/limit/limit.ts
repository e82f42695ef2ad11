/** Owns how much a caller may ask: the endpoint's limits on calls and tokens, applied once, at the first hop. */
import { minuteOf } from '../../../core/quota/counter.ts';
import type { CallerQuota } from '../../../core/quota/caller-quota.ts';
import type { Counter } from '../../../core/quota/counter.ts';
import type { EndpointQuota } from '../../../core/quota/endpoint-quota.ts';
import { refusals } from '../../errors.ts';
import type { Exchange, Stage } from '../../exchange.ts';
import { pushLimitHeaders } from './limit-headers.ts';
import type { LimitView } from './limit-headers.ts';
import type { LimitStore } from './limit-store.ts';
import { StoreInquiry } from './store-inquiry.ts';
import { TokenSettlement } from './token-settlement.ts';

export interface LimitOptions<E extends Exchange> {
  /** The counters of the endpoint that the exchange asks; undefined: it has no limits. */
  readonly quotaOf: (exchange: E) => EndpointQuota | undefined;
  /** The store that counts for all replicas; undefined: this one counts by itself, within its share. */
  readonly storeOf?: (exchange: E) => LimitStore | undefined;
  /** Milliseconds since the epoch: windows are minutes of the wall clock. */
  readonly now: () => number;
}

/** What this proxy knows by itself. One for all requests, which are looked at one after the other. */
class LocalView implements LimitView {
  now = 0;

  remaining(counter: Counter): number {
    return counter.remaining(this.now);
  }

  msUntilReset(counter: Counter): number {
    return counter.msUntilReset(this.now);
  }
}

/** Returns the stage that limits. */
export function makeLimit<E extends Exchange>(options: LimitOptions<E>): Stage<E> {
  const view = new LocalView();

  /** Decides by what this proxy may give out itself; returns whether the request goes on. */
  function decide(exchange: Exchange, quota: EndpointQuota, caller: CallerQuota, tokens: number): boolean {
    const now = options.now();
    view.now = now;
    const full = caller.admit(tokens, now);
    pushLimitHeaders(exchange.answerHeaders, caller, view);
    if (full !== undefined) {
      refuse(exchange, full, full.msUntilRoom(tokens, now));
      return false;
    }
    if (caller.countsTokens)
      exchange.settlement = new TokenSettlement(quota, caller.reservation(tokens, now), options.now);
    return true;
  }

  return {
    name: 'limit',
    run: (exchange) => {
      if (exchange.accounted) return true;
      const quota = options.quotaOf(exchange);
      if (quota === undefined) return true;
      const now = options.now();
      const caller = quota.of(exchange, now);
      if (caller.isFree) return true;
      if (caller.isDisabled) {
        exchange.refuse(refusals.disabled);
        return false;
      }
      const tokens = caller.countsTokens ? tokensFor(exchange, quota) : 0;
      const store = options.storeOf?.(exchange);
      if (store === undefined) return decide(exchange, quota, caller, tokens);
      if (!store.isUp) {
        if (!decide(exchange, quota, caller, tokens)) return false;
        store.noteUnasked(quota.label, caller.taken(tokens), minuteOf(now));
        return true;
      }
      const inquiry = new StoreInquiry(
        { exchange, quota, caller, tokens, store, now: options.now },
        decide,
        refuse,
      );
      exchange.holder = inquiry;
      store.ask(inquiry);
      return false;
    },
    finish: (exchange) => {
      const { settlement } = exchange;
      exchange.settlement = undefined;
      settlement?.settle(exchange);
    },
  };
}

/** Only where tokens are limited is the body looked at, and only where it has come already. */
function tokensFor(exchange: Exchange, quota: EndpointQuota): number {
  exchange.body ??= exchange.caller.takeWholeBody();
  return quota.tokens.of(exchange.body);
}

function refuse(exchange: Exchange, { rule }: Counter, afterMs: number): void {
  exchange.refuse(refusals.limitExceeded(rule, Math.max(1, Math.ceil(afterMs / 1_000))));
}
