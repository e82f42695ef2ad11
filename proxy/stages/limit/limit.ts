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
import type { Inquiry } from './store-inquiry.ts';
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
  return new LimitStage(options);
}

class LimitStage<E extends Exchange> implements Stage<E> {
  readonly name = 'limit';
  readonly #options: LimitOptions<E>;
  readonly #view = new LocalView();

  constructor(options: LimitOptions<E>) {
    this.#options = options;
  }

  run(exchange: E): boolean {
    if (exchange.accounted) return true;
    const quota = this.#options.quotaOf(exchange);
    if (quota === undefined) return true;
    const caller = quota.of(exchange, this.#options.now());
    if (caller.isFree) return true;
    if (caller.isDisabled) {
      exchange.refuse(refusals.disabled);
      return false;
    }
    const tokens = caller.countsTokens ? tokensFor(exchange, quota) : 0;
    const store = this.#options.storeOf?.(exchange);
    if (store === undefined) return this.#decide(exchange, quota, caller, tokens);
    if (store.isUp) this.#ask({ exchange, quota, caller, tokens, store, now: this.#options.now });
    else if (this.#decide(exchange, quota, caller, tokens, store)) {
      store.noteUnasked(quota.label, caller.taken(tokens), minuteOf(this.#options.now()));
      return true;
    }
    return false;
  }

  finish(exchange: E): void {
    const { settlement } = exchange;
    exchange.settlement = undefined;
    settlement?.settle(exchange);
  }

  #ask(inquiry: Inquiry): void {
    const { exchange, quota, caller, tokens, store } = inquiry;
    const waiting = new StoreInquiry(inquiry, {
      decideAlone: () => this.#decide(exchange, quota, caller, tokens, store),
      refuse: (full, afterMs) => refuse(exchange, full, afterMs),
    });
    exchange.holder = waiting;
    store.ask(waiting);
  }

  /** Decides by what this proxy may give out itself; returns whether the request goes on. */
  #decide(
    exchange: Exchange,
    quota: EndpointQuota,
    caller: CallerQuota,
    tokens: number,
    store?: LimitStore,
  ): boolean {
    const now = this.#options.now();
    this.#view.now = now;
    const full = caller.admit(tokens, now);
    pushLimitHeaders(exchange.answerHeaders, caller, this.#view);
    if (full !== undefined) {
      refuse(exchange, full, full.msUntilRoom(tokens, now));
      return false;
    }
    if (caller.countsTokens) {
      const reservation = caller.reservation(tokens, now);
      exchange.settlement = new TokenSettlement(quota, reservation, this.#options.now, store);
    }
    return true;
  }
}

/** Only where tokens are limited is the body looked at, and only where it has come already. */
function tokensFor(exchange: Exchange, quota: EndpointQuota): number {
  exchange.body ??= exchange.caller.takeWholeBody();
  return quota.tokens.of(exchange.body);
}

function refuse(exchange: Exchange, { rule }: Counter, afterMs: number): void {
  exchange.refuse(refusals.limitExceeded(rule, Math.max(1, Math.ceil(afterMs / 1_000))));
}
