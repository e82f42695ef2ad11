/** Owns who the caller of the gateway is: the principal behind the access token. */
import { refusals } from '../../errors.ts';
import type { Exchange, Holder, Stage } from '../../exchange.ts';
import { tokenOf } from './bearer-token.ts';

export interface Principal {
  readonly name: string;
  readonly groups: readonly string[];
}

/** What became of the check of a token. `unavailable`: nobody could say. */
export type TokenVerdict = Principal | 'invalid' | 'unavailable';

/** Checks tokens; answers at once what it knows already, so that the usual request waits for nothing. */
export interface TokenChecker {
  check(token: string): TokenVerdict | Promise<TokenVerdict>;
}

const waitingForVerdict: Holder = {
  // The check goes on and its verdict is remembered; nothing is to be undone.
  release: () => undefined,
  overdue: refusals.identityUnavailable,
};

/** Returns the stage that authenticates. */
export function makeAuthenticate<E extends Exchange>(checker: TokenChecker): Stage<E> {
  const apply = (exchange: E, verdict: TokenVerdict): boolean => {
    if (typeof verdict === 'object') {
      exchange.principal = verdict.name;
      exchange.groups = verdict.groups;
      return true;
    }
    exchange.refuse(verdict === 'invalid' ? refusals.invalidToken : refusals.identityUnavailable);
    return false;
  };
  return {
    name: 'authenticate',
    run: (exchange) => {
      const token = tokenOf(exchange.caller.head.authorization);
      if (token === undefined) {
        exchange.refuse(refusals.noToken);
        return false;
      }
      const verdict = checker.check(token);
      if (!(verdict instanceof Promise)) return apply(exchange, verdict);
      exchange.holder = waitingForVerdict;
      void verdict.then((late) => {
        exchange.holder = undefined;
        if (!exchange.finished && apply(exchange, late)) exchange.proceed();
      });
      return false;
    },
  };
}
