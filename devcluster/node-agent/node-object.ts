/** Owns the Node object: what this machine offers, and that it lives. */
import { availableParallelism, arch, hostname, platform, release, totalmem } from 'node:os';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logging.ts';
import { Loop } from '../controllers/loop/loop.ts';
import type { Node } from '../controllers/objects/kinds.ts';
import { timestamp } from '../controllers/objects/kinds.ts';
import type { NodeApi } from './node-api.ts';

const leaseNamespace = 'kube-node-lease';
const leaseSeconds = 40;
const renewMs = 10_000;

export interface NodeFacts {
  readonly name: string;
  readonly address: string;
  /** Where the kubelet's own API answers. */
  readonly kubeletPort: number;
  /** What the node has to give to pods, by resource. */
  readonly capacity: Readonly<Record<string, string>>;
  /** Why pods cannot get addresses here, where that is so. */
  readonly problem: string | undefined;
}

/** Returns what this machine has to give, as a Node tells it. */
export function machineCapacity(): Record<string, string> {
  return {
    cpu: String(availableParallelism()),
    memory: `${Math.floor(totalmem() / 1024)}Ki`,
    pods: '110',
  };
}

type NodeStatus = NonNullable<Node['status']>;
type NodeCondition = NonNullable<NodeStatus['conditions']>[number];

/** Returns the labels that a node has of itself. */
function makeLabels(name: string): Record<string, string> {
  return {
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': platform(),
    'kubernetes.io/arch': architecture(),
  };
}

/**
 * Returns the status of the node. What others gave `known` is kept, as kubelet keeps it: extended resources (a GPU,
 * say) and conditions of other types.
 */
export function makeNodeStatus(facts: NodeFacts, now: number, known: NodeStatus = {}): NodeStatus {
  const own = makeConditions(facts.problem);
  const types = new Set(own.map(({ type }) => type));
  const foreign = (known.conditions ?? []).filter(({ type }) => !types.has(type));
  const at = timestamp(now);
  const conditions = own.map((condition) => {
    const before = known.conditions?.find(({ type }) => type === condition.type);
    const since = before?.status === condition.status ? before.lastTransitionTime : undefined;
    return { ...condition, lastHeartbeatTime: at, lastTransitionTime: since ?? at };
  });
  return {
    capacity: { ...known.capacity, ...facts.capacity },
    allocatable: { ...known.allocatable, ...facts.capacity },
    addresses: [
      { type: 'InternalIP', address: facts.address },
      { type: 'Hostname', address: hostname() },
    ],
    conditions: [...conditions, ...foreign],
    nodeInfo: nodeInfo(),
    daemonEndpoints: { kubeletEndpoint: { Port: facts.kubeletPort } },
  };
}

function makeConditions(problem: string | undefined): NodeCondition[] {
  const condition = (type: string, status: string, reason: string, message: string): NodeCondition => ({
    type,
    status,
    reason,
    message,
  });
  return [
    condition(
      'MemoryPressure',
      'False',
      'KubeletHasSufficientMemory',
      'kubelet has sufficient memory available',
    ),
    condition('DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'),
    condition('PIDPressure', 'False', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'),
    problem === undefined
      ? condition('NetworkUnavailable', 'False', 'LocalAddresses', 'pods get addresses of this machine')
      : condition('NetworkUnavailable', 'True', 'NoLocalAddresses', problem),
    condition('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status'),
  ];
}

const architecture = (): string => (arch() === 'x64' ? 'amd64' : arch());

function nodeInfo(): NonNullable<NodeStatus['nodeInfo']> {
  return {
    architecture: architecture(),
    bootID: '',
    containerRuntimeVersion: 'fairlead://local-processes',
    kernelVersion: release(),
    kubeProxyVersion: '',
    kubeletVersion: 'v1.37.2+fairlead',
    machineID: '',
    operatingSystem: platform(),
    osImage: `${platform()} (local processes)`,
    systemUUID: '',
  };
}

/** Writes the Node, and again whenever somebody says that it is not ready; renews its Lease every ten seconds. */
export function startNodeHeartbeat(parts: {
  readonly api: NodeApi;
  readonly log: Logger;
  readonly clock: Clock;
  readonly facts: NodeFacts;
}): { stop(): Promise<void> } {
  const { api, log, clock, facts } = parts;
  let written = false;
  const loop = new Loop({
    name: 'node-heartbeat',
    retryDelaysMs: { first: 100, longest: renewMs },
    log,
    clock,
    reconcile: async () => {
      const known = await api.read('Node', facts.name);
      if (!written || !isReady(known)) await writeNode(api, facts, clock.now(), known);
      written = true;
      await renewLease(api, facts.name, clock.now());
      return renewMs;
    },
  });
  loop.enqueue(facts.name);
  return { stop: () => loop.stop() };
}

const isReady = (node: Node | undefined): boolean =>
  node?.status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';

async function writeNode(
  api: NodeApi,
  facts: NodeFacts,
  now: number,
  found: Node | undefined,
): Promise<void> {
  const { name } = facts;
  const labels = makeLabels(name);
  const known =
    found ?? (await api.create('Node', { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } }));
  await api.mergePatch('Node', { name }, { metadata: { labels } });
  await api.mergePatch('Node', { name }, { status: makeNodeStatus(facts, now, known.status) }, 'status');
}

async function renewLease(api: NodeApi, name: string, now: number): Promise<void> {
  const renewTime = new Date(now).toISOString().replace('Z', '000Z');
  if ((await api.read('Lease', name, leaseNamespace)) !== undefined) {
    await api.mergePatch('Lease', { name, namespace: leaseNamespace }, { spec: { renewTime } });
    return;
  }
  await api.create('Lease', {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace: leaseNamespace },
    spec: { holderIdentity: name, leaseDurationSeconds: leaseSeconds, renewTime },
  });
}
