/** Owns whose word on a caller the gateway takes: that of a sidecar, on the endpoint that it belongs to and no other. */
import type { Peer } from '../../downstream/caller.ts';
import type { Stage } from '../../exchange.ts';
import { forwardedHeaders, parseGroups, parsePrincipal } from '../../forwarded-caller.ts';
import { headerOf } from '../../http1/header-of.ts';
import type { RoutedExchange } from '../../targets/routed-exchange.ts';

export interface KnowSidecarOptions {
  /** Returns the identity that sidecars of the endpoint prove which the exchange asks; undefined: there is no such endpoint. */
  readonly identityOf: (exchange: RoutedExchange) => string | undefined;
  /** Knows everybody else. */
  readonly authenticate: Stage<RoutedExchange>;
}

/** Returns the stage that knows sidecars and callers. */
export function makeKnowSidecar({ identityOf, authenticate }: KnowSidecarOptions): Stage<RoutedExchange> {
  const known = new WeakMap<Peer, readonly string[]>();
  const proves = (peer: Peer, identity: string | undefined): boolean => {
    let identities = known.get(peer);
    if (identities === undefined) {
      identities = peer.identities();
      known.set(peer, identities);
    }
    return identity !== undefined && identities.includes(identity);
  };
  return {
    name: authenticate.name,
    run: (exchange) => {
      const { peer, head } = exchange.caller;
      if (!proves(peer, identityOf(exchange))) return authenticate.run(exchange);
      exchange.principal = parsePrincipal(headerOf(head.headers, forwardedHeaders.principal));
      exchange.groups = parseGroups(headerOf(head.headers, forwardedHeaders.groups));
      exchange.accounted = headerOf(head.headers, forwardedHeaders.accounted) === '1';
      exchange.isVouchedFor = true;
      return true;
    },
  };
}
