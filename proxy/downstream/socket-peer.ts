/** Owns who is at the other end of a socket. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { identitiesOf } from '../../platform/tls/identity.ts';
import type { Peer } from './caller.ts';

/** Returns the peer of `socket`. */
export const peerOf = (socket: Socket): Peer => ({
  remoteAddress: socket.remoteAddress ?? '',
  // The server has verified the chain before any request; here is only who it is.
  identities: () =>
    socket instanceof TLSSocket && socket.authorized ? identitiesOf(socket.getPeerCertificate()) : [],
});
