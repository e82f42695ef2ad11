import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeKubeconfig } from './kubeconfig.ts';
import { makePki } from './pki.ts';
import type { Pki } from './pki.ts';

describe('the keys of a control plane', () => {
  let dir: string;
  let pki: Pki;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'fairlead-pki-'));
    pki = await makePki(dir, Date.now());
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const read = (name: string): string => readFileSync(join(dir, name), 'utf8');
  const certificate = (name: string): X509Certificate => new X509Certificate(read(`${name}.crt`));

  it.each([
    ['apiserver', 'O=fairlead\nCN=kube-apiserver'],
    ['kubelet', 'O=fairlead\nCN=kubelet'],
    ['admin', 'O=system:masters\nCN=kubernetes-admin'],
    ['node', 'O=system:masters\nCN=system:node:fairlead-node'],
    ['apiserver-kubelet-client', 'O=system:masters\nCN=kube-apiserver-kubelet-client'],
    ['kube-controller-manager', 'O=fairlead\nCN=system:kube-controller-manager'],
    ['kube-scheduler', 'O=fairlead\nCN=system:kube-scheduler'],
  ])('%s is vouched for by the cluster’s authority', (name, subject) => {
    expect(certificate(name).subject).toBe(subject);
    expect(certificate(name).checkIssued(certificate('ca'))).toBe(true);
    expect(certificate(name).checkPrivateKey(createPrivateKey(read(`${name}.key`)))).toBe(true);
  });

  it('who speaks for users to aggregated APIs is vouched for by an authority of its own', () => {
    expect(certificate('front-proxy-client').checkIssued(certificate('front-proxy-ca'))).toBe(true);
    expect(certificate('front-proxy-client').checkIssued(certificate('ca'))).toBe(false);
  });

  it('the API server is known by the addresses at which it is reached', () => {
    for (const address of ['10.244.0.1', '10.96.0.1']) {
      expect(certificate('apiserver').checkIP(address)).toBe(address);
    }
    expect(certificate('apiserver').checkHost('kubernetes.default.svc')).toBe('kubernetes.default.svc');
  });

  it('tokens of ServiceAccounts are signed with a key of their own', () => {
    const derived = createPublicKey(read('service-account.key')).export({ type: 'spki', format: 'pem' });
    expect(read('service-account.pub')).toBe(derived);
  });

  it('nobody else may read a key', () => {
    expect(statSync(join(dir, 'ca.key')).mode & 0o077).toBe(0);
  });

  it('a kubeconfig carries all that its user needs', () => {
    const config = JSON.parse(makeKubeconfig(pki, 'admin')) as {
      clusters: [{ cluster: Record<string, string> }];
      users: [{ user: Record<string, string> }];
    };
    const decode = (text = ''): string => Buffer.from(text, 'base64').toString();
    expect(config.clusters[0].cluster['server']).toBe('https://10.244.0.1:6443');
    expect(decode(config.clusters[0].cluster['certificate-authority-data'])).toBe(read('ca.crt'));
    expect(decode(config.users[0].user['client-certificate-data'])).toBe(read('admin.crt'));
    expect(decode(config.users[0].user['client-key-data'])).toBe(read('admin.key'));
  });
});
