/** Owns the command lines of the components: as in a real cluster, but for where they listen and how long they wait. Pure. */
import { join } from 'node:path';
import { apiPort, etcdPeerUrl, etcdUrl, localRanges, nodeAddress } from './addresses.ts';
import { frontProxyName } from './pki.ts';

export interface Folders {
  /** As `makePki` fills it. */
  readonly pki: string;
  /** Holds `<component>.kubeconfig`. */
  readonly kubeconfigs: string;
  readonly etcd: string;
}

export const componentNames = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
] as const;
export type ComponentName = (typeof componentNames)[number];

/** Returns the arguments of each component of the control plane's binary, its name first. */
export function makeArguments(folders: Folders): Record<ComponentName, string[]> {
  return {
    etcd: ['etcd', ...wordsOf(etcdFlags(folders))],
    'kube-apiserver': ['kube-apiserver', ...wordsOf(apiServerFlags(folders))],
    'kube-controller-manager': ['kube-controller-manager', ...wordsOf(controllerManagerFlags(folders))],
    'kube-scheduler': ['kube-scheduler', ...wordsOf(accessFlags(folders, 'kube-scheduler'))],
  };
}

type Flags = Readonly<Record<string, string>>;

const wordsOf = (flags: Flags): string[] =>
  Object.entries(flags).map(([name, value]) => `--${name}=${value}`);

const etcdFlags = ({ etcd }: Folders): Flags => ({
  name: 'etcd',
  'data-dir': etcd,
  'listen-client-urls': etcdUrl,
  'advertise-client-urls': etcdUrl,
  'listen-peer-urls': etcdPeerUrl,
  'initial-advertise-peer-urls': etcdPeerUrl,
  'initial-cluster': `etcd=${etcdPeerUrl}`,
  // What it stores is gone with the run anyway.
  'unsafe-no-fsync': 'true',
  'log-level': 'warn',
});

function apiServerFlags({ pki }: Folders): Flags {
  const file = (name: string): string => join(pki, name);
  return {
    'etcd-servers': etcdUrl,
    // Not on all addresses: pods listen on that port, too.
    'bind-address': nodeAddress,
    'secure-port': String(apiPort),
    'advertise-address': nodeAddress,
    'service-cluster-ip-range': localRanges.services,
    'authorization-mode': 'RBAC',
    'allow-privileged': 'true',
    'client-ca-file': file('ca.crt'),
    'tls-cert-file': file('apiserver.crt'),
    'tls-private-key-file': file('apiserver.key'),
    'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
    'service-account-key-file': file('service-account.pub'),
    'service-account-signing-key-file': file('service-account.key'),
    'kubelet-certificate-authority': file('ca.crt'),
    'kubelet-client-certificate': file('apiserver-kubelet-client.crt'),
    'kubelet-client-key': file('apiserver-kubelet-client.key'),
    'kubelet-preferred-address-types': 'InternalIP',
    // Aggregated APIs are reached by the cluster IP of their Service, as kube-proxy serves it.
    'enable-aggregator-routing': 'false',
    'requestheader-client-ca-file': file('front-proxy-ca.crt'),
    'requestheader-allowed-names': frontProxyName,
    'requestheader-username-headers': 'X-Remote-User',
    'requestheader-group-headers': 'X-Remote-Group',
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
    'proxy-client-cert-file': file('front-proxy-client.crt'),
    'proxy-client-key-file': file('front-proxy-client.key'),
  };
}

function controllerManagerFlags(folders: Folders): Flags {
  const file = (name: string): string => join(folders.pki, name);
  return {
    ...accessFlags(folders, 'kube-controller-manager'),
    'root-ca-file': file('ca.crt'),
    'cluster-signing-cert-file': file('ca.crt'),
    'cluster-signing-key-file': file('ca.key'),
    'service-account-private-key-file': file('service-account.key'),
    'service-cluster-ip-range': localRanges.services,
    // Each controller with the rights of its own ServiceAccount: the autoscaler may read the metric only if ours are right.
    'use-service-account-credentials': 'true',
    // 15 s in a real cluster, which journeys would wait for again and again.
    'horizontal-pod-autoscaler-sync-period': '2s',
  };
}

/** One instance of each: nobody to elect. */
function accessFlags({ kubeconfigs }: Folders, component: ComponentName): Flags {
  const kubeconfig = join(kubeconfigs, `${component}.kubeconfig`);
  return {
    kubeconfig,
    'authentication-kubeconfig': kubeconfig,
    'authorization-kubeconfig': kubeconfig,
    'bind-address': '127.0.0.1',
    'leader-elect': 'false',
  };
}
