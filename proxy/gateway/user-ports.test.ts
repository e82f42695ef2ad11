/** Owns the proof of how the gateway serves users over TLS, and which TLS that is. */
import { connect } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startSidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import type { SidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import { aWineEndpoint } from '../testing/cluster-fixture.ts';
import { gatewayIdentity, makePki, operatorIdentity, settableFile } from '../testing/pki-fixture.ts';
import type { Pki, SettableFile } from '../testing/pki-fixture.ts';
import type { PortCertificate } from '../downstream/tls-server.ts';
import { startGatewayUnderTest } from './gateway-fixture.ts';
import type { GatewayUnderTest } from './gateway-fixture.ts';

let pki: Pki;
let front: SettableFile<PortCertificate>;
let pod: SidecarUnderTest;
let t: GatewayUnderTest;
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());
afterEach(async () => {
  await t.stop();
  await pod.stop();
});

async function start(config: { http?: boolean; tls?: boolean } = { tls: true }): Promise<void> {
  const { cert, key } = await pki.material(gatewayIdentity);
  front = settableFile<PortCertificate>({ cert, key });
  pod = await startSidecarUnderTest(pki);
  t = await startGatewayUnderTest(pki, { config: { tlsPort: 0, ...config }, frontTls: front });
  t.cluster.setPods('team-a', 'wine-0123456789', [{ ...pod.sidecar.data, ready: true }]);
  t.cluster.setEndpoint(aWineEndpoint());
  await t.caughtUp();
}

/** A user: trusts our authority, shows nothing. */
async function userTls(): Promise<{ cert: string; key: string; ca: string }> {
  return { cert: '', key: '', ca: (await pki.material(gatewayIdentity)).ca };
}

function shakeHands(options: ConnectionOptions): Promise<TLSSocket> {
  const { host, port } = t.gateway.tlsAddress!;
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port,
      ca: pki.authority.certificatePem,
      checkServerIdentity: () => undefined,
      ...options,
    });
    socket.once('secureConnect', () => resolve(socket)).once('error', reject);
  });
}

describe('a user', () => {
  it('is served over TLS without a certificate, and without TLS beside it', async () => {
    await start();
    const secure = { ...(await pki.material(operatorIdentity)), ...(await userTls()) };
    expect((await t.send({ to: t.gateway.tlsAddress!, tls: secure })).status).toBe(200);
    expect((await t.send()).status).toBe(200);
  });

  it('is served over TLS alone where that is wanted', async () => {
    await start({ http: false, tls: true });
    expect(t.gateway.address).toEqual(t.gateway.tlsAddress);
    await expect(t.send()).rejects.toThrow();
    const secure = { ...(await pki.material(operatorIdentity)), ...(await userTls()) };
    expect((await t.send({ tls: secure })).status).toBe(200);
  });

  it('who shows the certificate of a proxy is no proxy', async () => {
    await start();
    const answer = await t.send({
      to: t.gateway.tlsAddress!,
      tls: await pki.material(gatewayIdentity),
      headers: { 'x-fairlead-principal': 'alice', 'x-fairlead-accounted': '1' },
    });
    expect(answer.status).toBe(401);
  });

  it('sees a renewed certificate on the next connection, while the old one goes on', async () => {
    await start();
    const first = await shakeHands({});
    const serial = first.getPeerCertificate().serialNumber;
    const { cert, key } = await pki.material(gatewayIdentity);
    front.set({ cert, key });
    const second = await shakeHands({});
    expect(second.getPeerCertificate().serialNumber).not.toBe(serial);
    const answer = new Promise<string>((resolve) => {
      first.once('data', (bytes: Buffer) => resolve(bytes.toString()));
    });
    first.write('GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await answer).toMatch(/^HTTP\/1\.1 404 /);
    first.destroy();
    second.destroy();
  });
});

it('has to be served somewhere', async () => {
  await start();
  await expect(startGatewayUnderTest(pki, { config: { http: false } })).rejects.toMatchObject({
    code: 'NO_PORT_FOR_USERS',
  });
});

describe('TLS', () => {
  it.each<[string, ConnectionOptions, string]>([
    ['1.3', { minVersion: 'TLSv1.3' }, 'TLSv1.3'],
    ['1.2 with forward secrecy', { maxVersion: 'TLSv1.2' }, 'TLSv1.2'],
  ])('%s is spoken', async (_name, options, version) => {
    await start();
    const socket = await shakeHands(options);
    expect(socket.getProtocol()).toBe(version);
    expect(socket.getCipher().standardName).toMatch(/GCM/);
    socket.destroy();
  });

  it.each<[string, ConnectionOptions]>([
    ['1.1', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }],
    [
      'with a suite without authenticated encryption',
      { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' },
    ],
    ['with a suite without forward secrecy', { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' }],
  ])('%s is not', async (_name, options) => {
    await start();
    await expect(shakeHands(options)).rejects.toThrow();
  });
});
