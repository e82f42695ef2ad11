/** Owns whose word a sidecar takes on the caller: that of forwarders who prove their identity by certificate. */
import type { TLSSocket } from 'node:tls';
import { identitiesOf } from '../../../platform/tls/identity.ts';
import { refusals } from '../../errors.ts';
import type { Exchange, Stage } from '../../exchange.ts';
import { forwardedHeaders, parsePrincipal, parseGroups } from '../../forwarded-caller.ts';

/** Returns the stage that accepts forwarded requests. `trusted` are the identities that count now. */
export function makeTrustForwarder<E extends Exchange>(trusted: () => readonly string[]): Stage<E> {
  // A certificate is looked at once per connection and set of trusted identities: decoding it costs as much as a request.
  const known = new WeakMap<object, { readonly trusted: readonly string[]; readonly accepted: boolean }>();
  const isTrusted = (socket: object): boolean => {
    const now = trusted();
    const before = known.get(socket);
    if (before?.trusted === now) return before.accepted;
    const accepted = identitiesOfPeer(socket).some((identity) => now.includes(identity));
    known.set(socket, { trusted: now, accepted });
    return accepted;
  };
  return {
    name: 'authenticate',
    run: (exchange) => {
      if (!isTrusted(exchange.request.socket)) {
        exchange.refuse(refusals.forwarderUnknown);
        return false;
      }
      const { headers } = exchange.request;
      exchange.principal = parsePrincipal(headers[forwardedHeaders.principal]);
      exchange.groups = parseGroups(headers[forwardedHeaders.groups]);
      exchange.accounted = headers[forwardedHeaders.accounted] === '1';
      return true;
    },
  };
}

/** The server has verified the certificate's chain before any request; here is only who it is. */
function identitiesOfPeer(socket: object): string[] {
  const peer = socket as Partial<TLSSocket>;
  if (peer.authorized !== true || peer.getPeerCertificate === undefined) return [];
  return identitiesOf(peer.getPeerCertificate());
}
