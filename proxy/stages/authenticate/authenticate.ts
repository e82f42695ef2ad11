/** Owns who the caller of the gateway is: the principal behind the access token. */
import type { Principal, TokenChecker, TokenVerdict } from '../../../platform/identity/principal.ts';
import type { Ruling } from '../../../platform/identity/verdict-cache.ts';
import type { Peer } from '../../downstream/caller.ts';
import { refusals } from '../../errors.ts';
import type { Exchange, Holder, Stage } from '../../exchange.ts';
import { tokenOf } from './bearer-token.ts';

const waitingForVerdict: Holder = {
  // The check goes on and its verdict is remembered; nothing is to be undone.
  release: () => undefined,
  overdue: refusals.identityUnavailable,
};

/** The last header that came on a connection, and whom it made its sender: the next one is most often the same. */
interface Memo {
  readonly authorization: string;
  readonly principal: Principal;
  /** Monotonic milliseconds. */
  readonly until: number;
}

/** Returns the stage that authenticates. `now` tells monotonic milliseconds. */
export function makeAuthenticate<E extends Exchange>(checker: TokenChecker, now: () => number): Stage<E> {
  const memos = new WeakMap<Peer, Memo>();
  const apply = (exchange: E, authorization: string, ruling: Ruling<TokenVerdict>): boolean => {
    const { verdict, freshUntil } = ruling;
    if (typeof verdict === 'object') {
      memos.set(exchange.caller.peer, { authorization, principal: verdict, until: freshUntil });
      take(exchange, verdict);
      return true;
    }
    exchange.refuse(verdict === 'invalid' ? refusals.invalidToken : refusals.identityUnavailable);
    return false;
  };
  return {
    name: 'authenticate',
    run: (exchange) => {
      const { head, peer } = exchange.caller;
      const { authorization } = head;
      const memo = memos.get(peer);
      if (memo !== undefined && memo.authorization === authorization && memo.until > now()) {
        take(exchange, memo.principal);
        return true;
      }
      const token = tokenOf(authorization);
      if (token === undefined || authorization === undefined) {
        exchange.refuse(refusals.noToken);
        return false;
      }
      const ruling = checker.check(token);
      if (!(ruling instanceof Promise)) return apply(exchange, authorization, ruling);
      exchange.holder = waitingForVerdict;
      void ruling.then((late) => {
        exchange.holder = undefined;
        if (!exchange.finished && apply(exchange, authorization, late)) exchange.proceed();
      });
      return false;
    },
  };
}

function take(exchange: Exchange, { name, groups, grant }: Principal): void {
  exchange.principal = name;
  exchange.groups = groups;
  exchange.grant = grant;
}
