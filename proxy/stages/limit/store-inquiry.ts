/** Owns one request that waits for the word of the store: what it says, and what happens where it says nothing. */
import type { CallerQuota } from '../../../core/quota/caller-quota.ts';
import { minuteMs } from '../../../core/quota/counter.ts';
import type { Counter } from '../../../core/quota/counter.ts';
import type { EndpointQuota } from '../../../core/quota/endpoint-quota.ts';
import { refusals } from '../../errors.ts';
import type { Exchange, Holder } from '../../exchange.ts';
import { pushLimitHeaders } from './limit-headers.ts';
import type { LimitView } from './limit-headers.ts';
import type { LimitStore, StoreQuestion, StoreVerdict } from './limit-store.ts';
import { TokenSettlement } from './token-settlement.ts';

export interface Inquiry {
  readonly exchange: Exchange;
  readonly quota: EndpointQuota;
  readonly caller: CallerQuota;
  readonly tokens: number;
  readonly store: LimitStore;
  readonly now: () => number;
}

/** What the stage does when the wait is over. */
export interface Outcomes {
  /** Decides without the store; returns whether the request goes on. */
  decideAlone(): boolean;
  refuse(full: Counter, afterMs: number): void;
}

export class StoreInquiry implements StoreQuestion, Holder {
  readonly overdue = refusals.deadline;
  readonly label: string;
  readonly caller: CallerQuota;
  readonly tokens: number;
  readonly #inquiry: Inquiry;
  readonly #outcomes: Outcomes;

  constructor(inquiry: Inquiry, outcomes: Outcomes) {
    this.label = inquiry.quota.label;
    this.caller = inquiry.caller;
    this.tokens = inquiry.tokens;
    this.#inquiry = inquiry;
    this.#outcomes = outcomes;
  }

  release(): void {
    // The caller is gone; what the store takes for it all the same is given back when it answers.
  }

  onVerdict(verdict: StoreVerdict): void {
    const { exchange, quota, tokens, store, now } = this.#inquiry;
    const { full } = verdict;
    let settlement: TokenSettlement | undefined;
    if (full === undefined) {
      // Counted here as well, so that this proxy knows where it stands when the store goes away.
      this.caller.note(verdict.isOpen, tokens, now());
      if (this.caller.countsTokens) {
        settlement = new TokenSettlement(quota, this.caller.reservation(tokens, verdict.now), now, store);
      }
    }
    if (this.#isOver()) {
      settlement?.settleFor(0);
      return;
    }
    exchange.holder = undefined;
    const view = new StoreView(this.caller, verdict);
    pushLimitHeaders(exchange.answerHeaders, this.caller, view);
    exchange.settlement = settlement;
    if (full === undefined) exchange.proceed();
    else this.#outcomes.refuse(full, view.msUntilRoom(full, tokens));
  }

  onUnavailable(): void {
    const { exchange } = this.#inquiry;
    if (this.#isOver()) return;
    exchange.holder = undefined;
    if (this.#outcomes.decideAlone()) exchange.proceed();
  }

  #isOver(): boolean {
    const { exchange } = this.#inquiry;
    return exchange.finished || exchange.status !== 0;
  }
}

/** What the store knows, for all replicas together. */
class StoreView implements LimitView {
  readonly #caller: CallerQuota;
  readonly #verdict: StoreVerdict;

  constructor(caller: CallerQuota, verdict: StoreVerdict) {
    this.#caller = caller;
    this.#verdict = verdict;
  }

  remaining(counter: Counter): number {
    return Math.max(0, this.#verdict.remaining[this.#caller.counters.indexOf(counter)] ?? 0);
  }

  msUntilReset(counter: Counter): number {
    return this.#msUntil(counter, counter.ceiling);
  }

  msUntilRoom(counter: Counter, tokens: number): number {
    return this.#msUntil(counter, counter.rule.unit === 'calls' ? 1 : Math.min(tokens, counter.ceiling));
  }

  /** Returns the milliseconds until so much of it is there. */
  #msUntil(counter: Counter, amount: number): number {
    if (counter.rule.burst === undefined) return minuteMs - (this.#verdict.now % minuteMs);
    return ((amount - this.remaining(counter)) * minuteMs) / Math.max(1, counter.limit);
  }
}
