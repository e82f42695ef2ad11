/** Owns whether a pod may run on a node, and kube-scheduler's words where it may not. Pure. */
import { podTotals } from '../../apiserver/objects/pod-resources.ts';
import { parseQuantity } from '../../apiserver/objects/quantity.ts';
import type { Node, Pod } from '../objects/kinds.ts';
import { matchesExpression, matchesLabels } from '../objects/selector.ts';

/** Why a node does not take a pod. */
export interface Misfit {
  readonly reasons: readonly string[];
  /** Whether the node would take it, if other pods were not there. */
  readonly isTaken: boolean;
}

/**
 * Returns why `pod` cannot run on `node`, in kube-scheduler's words and order, of which the first that fails decides;
 * undefined where it can. `others` are the pods that the node runs already. cpu and memory are judged for the pod
 * alone, because local processes share the machine; every other resource (a GPU, say) is counted over all pods.
 */
export function checkFit(pod: Pod, node: Node, others: readonly Pod[]): Misfit | undefined {
  const intolerable = (node.spec?.taints ?? []).some(
    (taint) => taint.effect !== 'PreferNoSchedule' && !tolerates(pod, taint),
  );
  if (node.spec?.unschedulable === true) return never('node(s) were unschedulable');
  if (intolerable) return never('node(s) had untolerated taint(s)');
  if (!matchesNode(pod, node)) return never("node(s) didn't match Pod's node affinity/selector");
  const taken = new Set(others.flatMap(hostPortsOf));
  if (hostPortsOf(pod).some((port) => taken.has(port))) {
    return { reasons: ["node(s) didn't have free ports for the requested pod ports"], isTaken: true };
  }
  const reasons = checkResources(pod, node, others);
  if (reasons.length === 0) return undefined;
  return { reasons, isTaken: checkResources(pod, node, []).length === 0 };
}

const never = (reason: string): Misfit => ({ reasons: [reason], isTaken: false });

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

/** Returns the message of an unschedulable pod for what each node has against it. */
export function unschedulableMessage(misfits: readonly Misfit[]): string {
  if (misfits.length === 0) return 'no nodes available to schedule pods';
  const available = `0/${misfits.length} nodes are available:`;
  // No pod is more important than another here, so none is ever evicted.
  const preemption = misfits.map(({ isTaken }) =>
    isTaken ? 'No preemption victims found for incoming pod' : 'Preemption is not helpful for scheduling',
  );
  const reasons = misfits.flatMap((misfit) => misfit.reasons);
  return `${available} ${counted(reasons)}. preemption: ${available} ${counted(preemption)}.`;
}

function counted(reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .map(([reason, count]) => `${count} ${reason}`)
    .sort()
    .join(', ');
}
