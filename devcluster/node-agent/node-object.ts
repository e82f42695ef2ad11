/** Owns the Node object: what this machine offers, and that it lives. */
import { availableParallelism, arch, hostname, platform, release, totalmem } from 'node:os';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logging.ts';
import type { LocalClient } from '../apiserver/client/local-client.ts';
import type { ObjectInput } from '../apiserver/objects/kube-object.ts';
import type { Lease, Node } from '../controllers/objects/kinds.ts';
import { timestamp } from '../controllers/objects/kinds.ts';
import { nodeAddress } from './network/addresses.ts';

const leaseNamespace = 'kube-node-lease';
const leaseSeconds = 40;
const renewMs = 10_000;

/** Returns what this machine has to give, as a Node tells it. */
export function machineCapacity(): Record<string, string> {
  return {
    cpu: String(availableParallelism()),
    memory: `${Math.floor(totalmem() / 1024)}Ki`,
    pods: '110',
  };
}

/** Returns the Node; `problem` says why pods cannot get addresses here, where that is so. */
function makeNode(
  name: string,
  now: number,
  problem?: string,
): { metadata: ObjectInput['metadata']; status: NonNullable<Node['status']> } {
  const at = timestamp(now);
  const condition = (type: string, status: string, reason: string, message: string) => ({
    type,
    status,
    reason,
    message,
    lastHeartbeatTime: at,
    lastTransitionTime: at,
  });
  const architecture = arch() === 'x64' ? 'amd64' : arch();
  const capacity = machineCapacity();
  return {
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': platform(),
        'kubernetes.io/arch': architecture,
      },
    },
    status: {
      capacity,
      allocatable: capacity,
      addresses: [
        { type: 'InternalIP', address: nodeAddress },
        { type: 'Hostname', address: hostname() },
      ],
      conditions: [
        condition(
          'MemoryPressure',
          'False',
          'KubeletHasSufficientMemory',
          'kubelet has sufficient memory available',
        ),
        condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
        condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
        problem === undefined
          ? condition('NetworkUnavailable', 'False', 'LoopbackAddresses', 'pods get loopback addresses')
          : condition('NetworkUnavailable', 'True', 'NoLoopbackAddresses', problem),
        condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
      ],
      nodeInfo: nodeInfo(architecture),
      daemonEndpoints: { kubeletEndpoint: { Port: 10_250 } },
    },
  };
}

function nodeInfo(architecture: string): NonNullable<NonNullable<Node['status']>['nodeInfo']> {
  return {
    architecture,
    bootID: '',
    containerRuntimeVersion: 'fairlead://local-processes',
    kernelVersion: release(),
    kubeProxyVersion: '',
    kubeletVersion: 'v1.34.0+fairlead',
    machineID: '',
    operatingSystem: platform(),
    osImage: `${platform()} (local processes)`,
    systemUUID: '',
  };
}

/** Writes the Node and renews its Lease every ten seconds until stopped. */
export function startNodeHeartbeat(parts: {
  readonly client: LocalClient;
  readonly log: Logger;
  readonly clock: Clock;
  readonly name: string;
  readonly problem: string | undefined;
}): { stop(): void } {
  const { client, log, clock, name, problem } = parts;
  writeNode(client, name, clock.now(), problem);
  const renew = (): void => {
    try {
      renewLease(client, name, clock.now());
    } catch (error) {
      log.warn({ error, node: name }, 'node lease not renewed');
    }
  };
  renew();
  const timer = setInterval(renew, renewMs);
  return { stop: () => clearInterval(timer) };
}

function writeNode(client: LocalClient, name: string, now: number, problem: string | undefined): void {
  const nodes = client.resource<Node>('v1', 'Node');
  const { metadata, status } = makeNode(name, now, problem);
  const input = { apiVersion: 'v1', kind: 'Node', metadata: { ...metadata } };
  const known = nodes.get(name) ?? nodes.create(input);
  const labels = { ...known.metadata.labels, ...metadata?.labels };
  nodes.mergePatch(name, undefined, { metadata: { labels } });
  // Extended resources that somebody gave the node (a GPU, say) are kept, as kubelet keeps them.
  const capacity = { ...known.status?.capacity, ...status.capacity };
  const allocatable = { ...known.status?.allocatable, ...status.allocatable };
  nodes.mergePatch(name, undefined, { status: { ...status, capacity, allocatable } }, 'status');
}

function renewLease(client: LocalClient, name: string, now: number): void {
  const leases = client.resource<Lease>('coordination.k8s.io/v1', 'Lease');
  const renewTime = new Date(now).toISOString().replace('Z', '000Z');
  if (leases.get(name, leaseNamespace) !== undefined) {
    leases.mergePatch(name, leaseNamespace, { spec: { renewTime } });
    return;
  }
  leases.create({
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: leaseNamespace },
    spec: { holderIdentity: name, leaseDurationSeconds: leaseSeconds, renewTime },
  });
}
