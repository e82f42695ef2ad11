/** Owns who comes to a sidecar: a proxy that proves its identity, or a caller with a token for this endpoint. */
import { refusals } from '../../errors.ts';
import type { Stage } from '../../exchange.ts';
import { allowsQuery } from '../../direct/data-plane-tokens.ts';
import type { DataPlaneTokens, DirectCaller } from '../../direct/data-plane-tokens.ts';
import type { DirectExchange } from '../../direct/direct-exchange.ts';
import type { Peer } from '../../downstream/caller.ts';
import { tokenOf } from '../authenticate/bearer-token.ts';

export interface KnowDirectCallerOptions {
  readonly tokens: DataPlaneTokens;
  /** Takes the word of proxies. */
  readonly trustForwarder: Stage<DirectExchange>;
  readonly endpointUid: () => string;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Another object whenever what tokens are verified with has changed. */
  readonly keys: () => object;
}

/** The last header that came on a connection, and whom it made its sender. */
interface Memo {
  readonly authorization: string;
  readonly caller: DirectCaller;
  readonly keys: object;
}

/** Returns the stage that knows callers. */
export function makeKnowDirectCaller(options: KnowDirectCallerOptions): Stage<DirectExchange> {
  const { tokens, trustForwarder, endpointUid, now, keys } = options;
  const memos = new WeakMap<Peer, Memo>();
  const callerOf = (peer: Peer, authorization: string): DirectCaller | undefined => {
    const memo = memos.get(peer);
    if (memo?.authorization === authorization && memo.keys === keys() && memo.caller.until > now()) {
      return memo.caller;
    }
    const token = tokenOf(authorization);
    const caller = token === undefined ? undefined : tokens.check(token);
    if (caller !== undefined) memos.set(peer, { authorization, caller, keys: keys() });
    return caller;
  };
  return {
    name: 'authenticate',
    run: (exchange) => {
      if (exchange.asked === undefined) return trustForwarder.run(exchange);
      const { head, peer } = exchange.caller;
      const { authorization } = head;
      if (authorization === undefined) {
        exchange.refuse(refusals.noDataPlaneToken);
        return false;
      }
      const caller = callerOf(peer, authorization);
      if (caller === undefined || !allowsQuery(caller.grant, endpointUid())) {
        exchange.refuse(refusals.invalidDataPlaneToken);
        return false;
      }
      exchange.principal = caller.name;
      exchange.groups = caller.groups;
      return true;
    },
  };
}
