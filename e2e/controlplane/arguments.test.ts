import { describe, expect, it } from 'vitest';
import { componentNames, makeArguments } from './arguments.ts';

const commands = makeArguments({ pki: '/pki', kubeconfigs: '/kubeconfigs', etcd: '/data' });

describe('the command lines of the control plane', () => {
  it.each(componentNames)('%s: its name first, then flags, each once', (name) => {
    const [first, ...flags] = commands[name];
    expect(first).toBe(name);
    for (const flag of flags) expect(flag).toMatch(/^--[a-z-]+=\S+$/);
    const names = flags.map((flag) => flag.split('=')[0]);
    expect(new Set(names).size).toBe(names.length);
  });

  it.each(['kube-controller-manager', 'kube-scheduler'] as const)('%s reaches the API as itself', (name) => {
    const kubeconfig = `/kubeconfigs/${name}.kubeconfig`;
    expect(commands[name]).toContain(`--kubeconfig=${kubeconfig}`);
    expect(commands[name]).toContain(`--authentication-kubeconfig=${kubeconfig}`);
  });

  it('the API server and the controllers agree on Services and on who signs tokens', () => {
    const range = '--service-cluster-ip-range=10.96.0.0/16';
    expect(commands['kube-apiserver']).toContain(range);
    expect(commands['kube-controller-manager']).toContain(range);
    expect(commands['kube-apiserver']).toContain(
      '--service-account-signing-key-file=/pki/service-account.key',
    );
    expect(commands['kube-controller-manager']).toContain(
      '--service-account-private-key-file=/pki/service-account.key',
    );
  });
});
