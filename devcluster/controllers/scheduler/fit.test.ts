import { describe, expect, it } from 'vitest';
import { aPod } from '../objects/object-builders.ts';
import type { Node, PodSpec } from '../objects/kinds.ts';
import { checkFit, requestsOf, unschedulableMessage } from './fit.ts';

const node: Node = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: {
    name: 'fairlead-node',
    uid: 'n',
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: { 'kubernetes.io/os': 'linux', cores: '4' },
  },
  spec: {},
  status: { allocatable: { cpu: '2', memory: '4Gi', pods: '3', 'nvidia.com/gpu': '1' } },
};

const asking = (requests: Record<string, string>): Partial<PodSpec> => ({
  containers: [{ name: 'web', resources: { requests } }],
});
const affinity = (operator: string, value: string): Partial<PodSpec> => ({
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'cores', operator, values: [value] }] }],
      },
    },
  },
});
const gpuPod = aPod('other', { spec: asking({ 'nvidia.com/gpu': '1' }) });
const reasonsOf = (...input: Parameters<typeof checkFit>): readonly string[] =>
  checkFit(...input)?.reasons ?? [];
const noMatch = "node(s) didn't match Pod's node affinity/selector";

describe('a pod on a node', () => {
  it.each<[string, Partial<PodSpec>, string[]]>([
    ['fits where it asks for nothing', {}, []],
    ['fits where it asks for what there is', asking({ cpu: '2', memory: '4Gi' }), []],
    ['does not fit with more cpu than the machine has', asking({ cpu: '2500m' }), ['Insufficient cpu']],
    [
      'does not fit with a resource that the node lacks',
      asking({ 'amd.com/gpu': '1' }),
      ['Insufficient amd.com/gpu'],
    ],
    ['fits by its node selector', { nodeSelector: { 'kubernetes.io/os': 'linux' } }, []],
    ['does not fit by another node selector', { nodeSelector: { gpu: 'a100' } }, [noMatch]],
    ['fits by affinity', affinity('Gt', '2'), []],
    ['does not fit by affinity', affinity('Lt', '2'), [noMatch]],
  ])('%s', (_name, spec, expected) => {
    expect(reasonsOf(aPod('web', { spec }), node, [])).toEqual(expected);
  });

  it('does not fit where others have the last GPU, though cpu may be shared', () => {
    const busy = aPod('busy', { spec: asking({ cpu: '2' }) });
    expect(reasonsOf(aPod('web', { spec: asking({ 'nvidia.com/gpu': '1' }) }), node, [gpuPod])).toEqual([
      'Insufficient nvidia.com/gpu',
    ]);
    expect(reasonsOf(aPod('web', { spec: asking({ cpu: '2' }) }), node, [busy])).toEqual([]);
  });

  it('does not fit where another pod has its port of the host', () => {
    const front = (hostNetwork: boolean) =>
      aPod('front', { spec: { hostNetwork, containers: [{ name: 'c', ports: [{ containerPort: 8080 }] }] } });
    const reason = "node(s) didn't have free ports for the requested pod ports";
    expect(reasonsOf(front(true), node, [front(true)])).toEqual([reason]);
    expect(reasonsOf(front(false), node, [front(true)])).toEqual([]);
  });

  it('does not fit beside as many pods as the node takes', () => {
    expect(reasonsOf(aPod('web'), node, [gpuPod, gpuPod, gpuPod])).toEqual(['Too many pods']);
  });

  it('does not fit on a tainted or cordoned node unless it tolerates the taint', () => {
    const tainted: Node = { ...node, spec: { taints: [{ key: 'gpu', value: 'yes', effect: 'NoSchedule' }] } };
    expect(reasonsOf(aPod('web'), tainted, [])).toEqual(['node(s) had untolerated taint(s)']);
    const tolerations = [{ key: 'gpu', operator: 'Exists' }];
    expect(reasonsOf(aPod('web', { spec: { tolerations } }), tainted, [])).toEqual([]);
    expect(reasonsOf(aPod('web'), { ...node, spec: { unschedulable: true } }, [])).toEqual([
      'node(s) were unschedulable',
    ]);
  });

  it('asks for its containers and sidecars together, or for its largest init container', () => {
    const resources = (cpu: string) => ({ resources: { requests: { cpu } } });
    const pod = aPod('web', {
      spec: {
        initContainers: [
          { name: 'side', restartPolicy: 'Always', ...resources('1') },
          { name: 'init', ...resources('4') },
        ],
        containers: [{ name: 'web', ...resources('500m') }],
      },
    });
    expect(requestsOf(pod).get('cpu')).toBe(5_000n);
  });
});

describe('what a node has against a pod', () => {
  it('is the first thing that is wrong, however much else is', () => {
    const tainted: Node = { ...node, spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] } };
    const pod = aPod('web', { spec: { ...asking({ cpu: '9' }), nodeSelector: { gpu: 'a100' } } });
    expect(reasonsOf(pod, tainted, [])).toEqual(['node(s) had untolerated taint(s)']);
  });

  it.each<[string, Partial<PodSpec>, boolean]>([
    ['other pods, where they have what it asks for', asking({ 'nvidia.com/gpu': '1' }), true],
    ['itself, where it asks for more than there is', asking({ 'nvidia.com/gpu': '2' }), false],
    ['itself, where it wants another node', { nodeSelector: { gpu: 'a100' } }, false],
  ])('is a matter of %s', (_name, spec, expected) => {
    expect(checkFit(aPod('web', { spec }), node, [gpuPod])?.isTaken).toBe(expected);
  });
});

describe('the message of an unschedulable pod', () => {
  it('counts the reasons over all nodes, and what eviction could do', () => {
    const gpu = ['Insufficient nvidia.com/gpu'];
    expect(unschedulableMessage([{ reasons: gpu, isTaken: false }])).toBe(
      '0/1 nodes are available: 1 Insufficient nvidia.com/gpu. preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
    );
    const nodes = [
      { reasons: gpu, isTaken: true },
      { reasons: [...gpu, 'Too many pods'], isTaken: true },
      { reasons: [noMatch], isTaken: false },
    ];
    expect(unschedulableMessage(nodes)).toBe(
      `0/3 nodes are available: 1 Too many pods, 1 ${noMatch}, 2 Insufficient nvidia.com/gpu. preemption: 0/3 nodes are available: 1 Preemption is not helpful for scheduling, 2 No preemption victims found for incoming pod.`,
    );
    expect(unschedulableMessage([])).toBe('no nodes available to schedule pods');
  });
});
