import { createPrivateKey, generateKeyPairSync, webcrypto } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { beforeAll, describe, expect, it } from 'vitest';
import { issueCertificate, makeAuthority } from '../../platform/tls/authority.ts';
import type { KeyPair } from '../../platform/tls/authority.ts';
import { authorityOf } from './authority.ts';
import { operatorConfigSchema } from '../config/operator-config.ts';
import { parseGivenAuthority } from './given-authority.ts';
import { certificatesIn, parseCertificate } from './parsed-certificate.ts';
import { tlsSecret } from './tls-secret.ts';

const day = 86_400_000;
const now = Date.now();
const trimmed = (pem: string): string => `${pem.trim()}\n`;

let root: KeyPair;
let leaf: KeyPair;
beforeAll(async () => {
  root = await makeAuthority({ commonName: 'root', now, validMs: 30 * day });
  leaf = await issueCertificate(root, { commonName: 'leaf', usages: ['server'], now, validMs: day });
});

const config = operatorConfigSchema.parse({ podName: 'o', podIp: '127.0.0.1' });
const clock = { now: () => now, monotonic: () => 0 };

const secretOf = (data: Record<string, string>) => tlsSecret({ name: 'mine' }, data);
const parse = (data: Record<string, string>) => parseGivenAuthority(secretOf(data), 'mine');

describe('an authority that is given', () => {
  it('is trusted itself where it is a root', () => {
    const authority = parse({ 'tls.crt': root.certificatePem, 'tls.key': root.privateKeyPem });
    expect(authority).toMatchObject({ certificatePem: trimmed(root.certificatePem), chainPem: '' });
    expect(authority.trustPem).toBe(trimmed(root.certificatePem));
  });

  it('takes its key as openssl writes it, too', () => {
    const sec1 = createPrivateKey(root.privateKeyPem).export({ format: 'pem', type: 'sec1' });
    const authority = parse({ 'tls.crt': root.certificatePem, 'tls.key': sec1 });
    expect(authority.privateKeyPem).toContain('BEGIN PRIVATE KEY');
  });

  it('below a root of somebody else has its chain sent behind what it signs', async () => {
    const { above, middle } = await makeChain();
    const authority = parse({
      'tls.crt': `${middle.certificatePem}\n${above.certificatePem}`,
      'tls.key': middle.privateKeyPem,
      'ca.crt': above.certificatePem,
    });
    expect(authority.trustPem).toBe(trimmed(above.certificatePem));
    const signer = authorityOf({ current: authority }, { config, clock });
    const pair = await signer.issue({ commonName: 'x', dnsNames: ['x.test'], usages: ['server'] });
    expect(certificatesIn(pair.certificatePem)).toHaveLength(2);
    expect(await shakesHands(pair, signer.bundlePem)).toBe(true);
    expect(await shakesHands(pair, root.certificatePem)).toBe(false);
  });

  it('signs nothing that outlives it', async () => {
    const state = { current: parse({ 'tls.crt': root.certificatePem, 'tls.key': root.privateKeyPem }) };
    const { certificatePem } = await authorityOf(state, { config, clock }).issue({
      commonName: 'x',
      usages: ['server'],
    });
    expect(certificatesIn(certificatePem)).toHaveLength(1);
    const ends = parseCertificate(certificatePem).validToDate.getTime();
    expect(ends).toBeLessThanOrEqual(parseCertificate(root.certificatePem).validToDate.getTime());
  });

  it.each<[string, () => Given | Promise<Given>, RegExp]>([
    ['is not there yet', () => undefined, /does not exist/],
    [
      'does not say what is above it',
      async () => {
        const { middle } = await makeChain();
        return { 'tls.crt': middle.certificatePem, 'tls.key': middle.privateKeyPem };
      },
      /lacks the root/,
    ],
    ['has no certificate', () => ({ 'tls.key': root.privateKeyPem }), /holds no certificate/],
    [
      'may not sign',
      () => ({ 'tls.crt': leaf.certificatePem, 'tls.key': leaf.privateKeyPem }),
      /may not sign others/,
    ],
    [
      'has the key of another',
      () => ({ 'tls.crt': root.certificatePem, 'tls.key': leaf.privateKeyPem }),
      /that of another certificate/,
    ],
    ['has no key', () => ({ 'tls.crt': root.certificatePem }), /holds no authority that can be used/],
    [
      'has a key of another kind',
      () => ({
        'tls.crt': root.certificatePem,
        'tls.key': generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
          format: 'pem',
          type: 'pkcs8',
        }),
      }),
      /that of another certificate/,
    ],
  ])('cannot be used when it %s', async (_name, data, why) => {
    const given = await data();
    const secret = given === undefined ? undefined : secretOf(given);
    expect(() => parseGivenAuthority(secret, 'mine')).toThrow(why);
  });
});

type Given = Record<string, string> | undefined;

/** An authority below another one: what a company's own issuer gives out. */
async function makeChain(): Promise<{ above: KeyPair; middle: KeyPair }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
  const times = { notBefore: new Date(now - 60_000), notAfter: new Date(now + 30 * day) };
  const keysOf = () => webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const pairOf = async (certificate: x509.X509Certificate, { privateKey }: webcrypto.CryptoKeyPair) => ({
    certificatePem: certificate.toString('pem'),
    privateKeyPem: x509.PemConverter.encode(
      await webcrypto.subtle.exportKey('pkcs8', privateKey),
      'PRIVATE KEY',
    ),
  });
  const extensions = [new x509.BasicConstraintsExtension(true, undefined, true)];
  const aboveKeys = await keysOf();
  const above = await x509.X509CertificateGenerator.createSelfSigned({
    ...times,
    name: 'CN=above',
    keys: aboveKeys,
    signingAlgorithm: algorithm,
    extensions,
  });
  const keys = await keysOf();
  const middle = await x509.X509CertificateGenerator.create({
    ...times,
    subject: 'CN=middle',
    issuer: above.subject,
    publicKey: keys.publicKey,
    signingKey: aboveKeys.privateKey,
    signingAlgorithm: algorithm,
    extensions,
  });
  return { above: await pairOf(above, aboveKeys), middle: await pairOf(middle, keys) };
}

async function shakesHands({ certificatePem, privateKeyPem }: KeyPair, ca: string): Promise<boolean> {
  const server = createServer({ cert: certificatePem, key: privateKeyPem }, (socket) => socket.end());
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const socket = connect({ host: '127.0.0.1', port, ca, servername: 'x.test' });
  const shaken = await new Promise<boolean>((resolve) => {
    socket.once('secureConnect', () => resolve(true)).once('error', () => resolve(false));
  });
  socket.destroy();
  await new Promise((resolve) => server.close(resolve));
  return shaken;
}
