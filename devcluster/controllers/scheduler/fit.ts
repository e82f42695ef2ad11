/** Owns whether a pod may run on a node, and kube-scheduler's words where it may not. Pure. */
import { podTotals } from '../../apiserver/objects/pod-resources.ts';
import { parseQuantity } from '../../apiserver/objects/quantity.ts';
import type { Node, Pod } from '../objects/kinds.ts';
import { matchesExpression, matchesLabels } from '../objects/selector.ts';

/**
 * Returns why `pod` cannot run on `node`, in kube-scheduler's words; empty where it can. `others` are the pods that
 * the node runs already. cpu and memory are judged for the pod alone, because local processes share the machine
 * without limits; every other resource (a GPU, say) is counted over all pods.
 */
export function checkFit(pod: Pod, node: Node, others: readonly Pod[]): string[] {
  const reasons: string[] = [];
  if (node.spec?.unschedulable === true) reasons.push('node(s) were unschedulable');
  if (!matchesNode(pod, node)) reasons.push("node(s) didn't match Pod's node affinity/selector");
  const intolerable = (node.spec?.taints ?? []).find(
    (taint) => taint.effect !== 'PreferNoSchedule' && !tolerates(pod, taint),
  );
  if (intolerable !== undefined) {
    reasons.push(`node(s) had untolerated taint {${intolerable.key}: ${intolerable.value ?? ''}}`);
  }
  const taken = new Set(others.flatMap(hostPortsOf));
  if (hostPortsOf(pod).some((port) => taken.has(port))) {
    reasons.push("node(s) didn't have free ports for the requested pod ports");
  }
  return [...reasons, ...checkResources(pod, node, others)];
}

function hostPortsOf(pod: Pod): string[] {
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  return [...pod.spec.containers, ...sidecars]
    .flatMap(({ ports = [] }) => ports)
    .map(({ containerPort, hostPort, protocol = 'TCP' }) => {
      // A pod of the host's network has its container ports on the host.
      const port = pod.spec.hostNetwork === true ? (hostPort ?? containerPort) : hostPort;
      return port === undefined ? '' : `${protocol}/${port}`;
    })
    .filter((port) => port !== '');
}

function matchesNode(pod: Pod, node: Node): boolean {
  const labels = node.metadata.labels ?? {};
  if (!matchesLabels(pod.spec.nodeSelector ?? {}, labels)) return false;
  const terms = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (terms === undefined) return true;
  const fields = { 'metadata.name': node.metadata.name };
  return terms.nodeSelectorTerms.some(
    (term) =>
      (term.matchExpressions ?? []).every((expression) => matchesExpression(expression, labels)) &&
      (term.matchFields ?? []).every((expression) => matchesExpression(expression, fields)) &&
      (term.matchExpressions ?? term.matchFields) !== undefined,
  );
}

type Taint = NonNullable<NonNullable<Node['spec']>['taints']>[number];

function tolerates(pod: Pod, taint: Taint): boolean {
  return (pod.spec.tolerations ?? []).some((toleration) => {
    if (toleration.effect !== undefined && toleration.effect !== '' && toleration.effect !== taint.effect)
      return false;
    if (toleration.key === undefined || toleration.key === '') return toleration.operator === 'Exists';
    if (toleration.key !== taint.key) return false;
    return toleration.operator === 'Exists' || (toleration.value ?? '') === (taint.value ?? '');
  });
}

const sharedResources = new Set(['cpu', 'memory', 'ephemeral-storage']);

function checkResources(pod: Pod, node: Node, others: readonly Pod[]): string[] {
  const reasons: string[] = [];
  const allocatable = node.status?.allocatable ?? {};
  if (others.length >= Number(allocatable['pods'] ?? 110)) reasons.push('Too many pods');
  for (const [resource, asked] of requestsOf(pod)) {
    if (asked === 0n) continue;
    const taken = sharedResources.has(resource)
      ? 0n
      : others.reduce((sum, other) => sum + (requestsOf(other).get(resource) ?? 0n), 0n);
    if (taken + asked > parseQuantity(allocatable[resource] ?? '0')) reasons.push(`Insufficient ${resource}`);
  }
  return reasons;
}

/** Returns what a pod asks for, in thousandths by resource: a limit is a request where no request is made. */
export const requestsOf = (pod: Pod): Map<string, bigint> =>
  podTotals(pod.spec, ({ resources }) => ({ ...resources?.limits, ...resources?.requests }));

/** Returns the message of an unschedulable pod for the reasons of each node. */
export function unschedulableMessage(reasonsByNode: readonly (readonly string[])[]): string {
  const nodes = reasonsByNode.length;
  if (nodes === 0) return 'no nodes available to schedule pods';
  const counts = new Map<string, number>();
  for (const reason of reasonsByNode.flat()) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const parts = [...counts].map(([reason, count]) => `${count} ${reason}`).sort();
  const preemption = `preemption: 0/${nodes} nodes are available: ${nodes} Preemption is not helpful for scheduling.`;
  return `0/${nodes} nodes are available: ${parts.join(', ')}. ${preemption}`;
}
