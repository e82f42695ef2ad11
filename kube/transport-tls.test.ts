/** Owns the proof of TLS to the API server: whom we trust, who we are, and that rotation reaches the wire. */
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { issueCertificate, makeAuthority } from '../platform/tls/authority.ts';
import type { KeyPair } from '../platform/tls/authority.ts';
import type { ClusterAccess, ClusterTls } from './credentials.ts';
import { json, startFakeApiServer } from './testing/fake-api-server.ts';
import type { FakeApiServer } from './testing/fake-api-server.ts';
import { plainAccess } from './testing/plain-access.ts';
import { KubeTransport } from './transport.ts';
import type { KubeRequest } from './transport.ts';

const get: KubeRequest = { method: 'GET', path: '/version' };
const validMs = 3_600_000;

let authority: KeyPair;
let stranger: KeyPair;
let server: KeyPair;
let user: KeyPair;
let api: FakeApiServer;
let tls: ClusterTls;
let transport: KubeTransport;

beforeAll(async () => {
  const now = Date.now();
  authority = await makeAuthority({ commonName: 'cluster', now, validMs });
  stranger = await makeAuthority({ commonName: 'stranger', now, validMs });
  const facts = { now, validMs };
  server = await issueCertificate(authority, {
    ...facts,
    commonName: 'kube-apiserver',
    ipAddresses: ['127.0.0.1'],
    dnsNames: ['kubernetes.default'],
    usages: ['server'],
  });
  user = await issueCertificate(authority, { ...facts, commonName: 'admin', usages: ['client'] });
});
beforeEach(async () => {
  api = await startFakeApiServer({
    cert: server.certificatePem,
    key: server.privateKeyPem,
    ca: authority.certificatePem,
    requestCert: true,
    rejectUnauthorized: false,
  });
  api.always(() => true, json({ ok: true }));
  tls = { ca: authority.certificatePem };
  const access: ClusterAccess = {
    ...plainAccess(api.url),
    credentials: () => Promise.resolve({ tls, headers: {} }),
  };
  transport = new KubeTransport({ access, userAgent: 'test' });
});
afterEach(async () => {
  await transport.close();
  await api.stop();
});

describe('TLS', () => {
  it('trusts the CA of the cluster', async () => {
    await expect(transport.request(get)).resolves.toEqual({ ok: true });
  });

  it.each([
    ['a CA that did not sign the server', () => ({ ca: stranger.certificatePem })],
    ['no CA of its own', () => ({})],
    [
      'a name that the certificate does not carry',
      () => ({ ca: authority.certificatePem, servername: 'other' }),
    ],
  ])('does not talk to the server with %s', async (_row, material) => {
    tls = material();
    await expect(transport.request(get)).rejects.toMatchObject({ code: 'KUBE_UNREACHABLE' });
    expect(api.requests).toHaveLength(0);
  });

  it('checks the name that the kubeconfig tells', async () => {
    tls = { ca: authority.certificatePem, servername: 'kubernetes.default' };
    await expect(transport.request(get)).resolves.toEqual({ ok: true });
  });

  it('skips the check only where the user asked for it', async () => {
    tls = { rejectUnauthorized: false };
    await expect(transport.request(get)).resolves.toEqual({ ok: true });
  });

  it('shows its client certificate', async () => {
    tls = { ca: authority.certificatePem, cert: user.certificatePem, key: user.privateKeyPem };
    await expect(transport.request(get)).resolves.toEqual({ ok: true });
  });

  it('opens new connections when the material changes, and only then', async () => {
    await transport.request(get);
    await transport.request(get);
    const before = api.connections();
    tls = { ca: `${stranger.certificatePem}\n${authority.certificatePem}` };
    await transport.request(get);
    await transport.request(get);
    expect(api.connections()).toBeGreaterThan(before);
    tls = { ca: stranger.certificatePem };
    await expect(transport.request(get)).rejects.toMatchObject({ code: 'KUBE_UNREACHABLE' });
  });

  it('closes the old connections too, those with a watch on them', async () => {
    api.once(
      () => true,
      (response) => response.write('{}'),
    );
    const body = await transport.stream(get);
    tls = { ca: `${stranger.certificatePem}\n${authority.certificatePem}` };
    await transport.request(get);
    await transport.close();
    const reading = (async () => {
      for await (const _chunk of body);
    })();
    await expect(reading).rejects.toThrow();
  });

  it('lets what is under way end on the old connections', async () => {
    let finish = (): void => undefined;
    api.once(
      () => true,
      (response) => {
        response.write('{"slow":');
        finish = () => response.end('true}');
      },
    );
    const slow = transport.request(get);
    await expect.poll(() => api.requests.length).toBe(1);
    tls = { ca: `${stranger.certificatePem}\n${authority.certificatePem}` };
    await transport.request(get);
    finish();
    await expect(slow).resolves.toEqual({ slow: true });
  });
});
