/** Owns whose word a sidecar takes on the caller: that of forwarders who prove their identity by certificate. */
import type { Peer } from '../../downstream/caller.ts';
import { refusals } from '../../errors.ts';
import type { Exchange, Stage } from '../../exchange.ts';
import { forwardedHeaders, parsePrincipal, parseGroups } from '../../forwarded-caller.ts';
import { headerOf } from '../../http1/header-of.ts';

/** Returns whether a peer proves one of the identities that count now. */
export function makePeerTrust(trusted: () => readonly string[]): (peer: Peer) => boolean {
  // A certificate is looked at once per connection and set of trusted identities: decoding it costs as much as a request.
  const known = new WeakMap<Peer, { readonly trusted: readonly string[]; readonly accepted: boolean }>();
  return (peer) => {
    const now = trusted();
    const before = known.get(peer);
    if (before?.trusted === now) return before.accepted;
    const accepted = peer.identities().some((identity) => now.includes(identity));
    known.set(peer, { trusted: now, accepted });
    return accepted;
  };
}

/** Returns the stage that accepts forwarded requests of peers that are trusted. */
export function makeTrustForwarder<E extends Exchange>(isTrusted: (peer: Peer) => boolean): Stage<E> {
  return {
    name: 'authenticate',
    run: (exchange) => {
      const { head, peer } = exchange.caller;
      if (!isTrusted(peer)) {
        exchange.refuse(refusals.forwarderUnknown);
        return false;
      }
      exchange.principal = parsePrincipal(headerOf(head.headers, forwardedHeaders.principal));
      exchange.groups = parseGroups(headerOf(head.headers, forwardedHeaders.groups));
      exchange.accounted = headerOf(head.headers, forwardedHeaders.accounted) === '1';
      return true;
    },
  };
}
