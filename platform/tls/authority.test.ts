import { connect, createServer } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { expiryOf, issueCertificate, makeAuthority } from './authority.ts';
import { acceptOnlyIdentity, endpointIdentity, identitiesOf, serviceAccountIdentity } from './identity.ts';

const now = Date.now();
const day = 86_400_000;
const gateway = serviceAccountIdentity('cluster.local', 'fairlead-system', 'fairlead-gateway');
const iris = endpointIdentity('cluster.local', 'default', 'iris');

async function handshake(expected: string): Promise<{ clientIdentities: string[] }> {
  const authority = await makeAuthority({ commonName: 'test', now, validMs: day });
  const server = await issueCertificate(authority, {
    commonName: 'iris',
    uris: [iris],
    usages: ['server'],
    now,
    validMs: day,
  });
  const client = await issueCertificate(authority, {
    commonName: 'gateway',
    uris: [gateway],
    usages: ['client'],
    now,
    validMs: day,
  });
  const listener = createServer({
    cert: server.certificatePem,
    key: server.privateKeyPem,
    ca: authority.certificatePem,
    requestCert: true,
    rejectUnauthorized: true,
  });
  try {
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const accepted = once(listener, 'secureConnection') as Promise<[TLSSocket]>;
    accepted.catch(() => undefined);
    const socket = connect({
      host: '127.0.0.1',
      port: (listener.address() as AddressInfo).port,
      ca: authority.certificatePem,
      cert: client.certificatePem,
      key: client.privateKeyPem,
      checkServerIdentity: acceptOnlyIdentity(expected),
    });
    await once(socket, 'secureConnect');
    const [peer] = await accepted;
    const clientIdentities = identitiesOf(peer.getPeerCertificate());
    socket.destroy();
    return { clientIdentities };
  } finally {
    listener.close();
  }
}

describe('certificates made by the authority', () => {
  it('let two peers verify one another over TLS and read the identity of the other', async () => {
    expect(await handshake(iris)).toEqual({ clientIdentities: [gateway] });
  });

  it('refuse a peer with another identity by name', async () => {
    const other = endpointIdentity('cluster.local', 'default', 'wine');
    await expect(handshake(other)).rejects.toThrow(`is ${iris}, not ${other}`);
  });

  it('expire when they were asked to', async () => {
    const authority = await makeAuthority({ commonName: 'test', now, validMs: day });
    expect(Math.abs(expiryOf(authority.certificatePem) - (now + day))).toBeLessThan(1_000);
  });
});
