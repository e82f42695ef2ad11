/** Owns what becomes of the tokens that a request was given in advance, when it is over. */
import type { TokenReservation } from '../../../core/quota/caller-quota.ts';
import type { EndpointQuota } from '../../../core/quota/endpoint-quota.ts';
import type { Exchange, Settlement } from '../../exchange.ts';
import type { LimitStore } from './limit-store.ts';

const statusCallerGone = 499;

export class TokenSettlement implements Settlement {
  readonly #quota: EndpointQuota;
  readonly #reservation: TokenReservation;
  readonly #now: () => number;
  readonly #store: LimitStore | undefined;

  /** `store` has been asked, and is to be told. */
  constructor(quota: EndpointQuota, reservation: TokenReservation, now: () => number, store?: LimitStore) {
    this.#quota = quota;
    this.#reservation = reservation;
    this.#now = now;
    this.#store = store;
  }

  settle(exchange: Exchange): void {
    const { usage } = exchange;
    if (usage !== undefined) this.#quota.tokens.learn(usage);
    const used = tokensUsed(exchange);
    if (used !== undefined) this.settleFor(used);
  }

  /** Puts right what was taken for a request that has used so many tokens. */
  settleFor(used: number): void {
    const { counters, minute } = this.#reservation;
    this.#quota.settle(this.#reservation, used, this.#now());
    if (this.#store === undefined) return;
    for (const [counter, taken] of counters) {
      if (used !== taken) this.#store.settle(this.#quota.label, counter, used - taken, minute);
    }
  }
}

/** Returns the tokens that a request has used; undefined where nobody can tell: then it keeps what it was given. */
function tokensUsed({ usage, status }: Exchange): number | undefined {
  if (usage !== undefined) return usage.inputTokens + usage.outputTokens;
  return status >= 400 && status !== statusCallerGone ? 0 : undefined;
}
