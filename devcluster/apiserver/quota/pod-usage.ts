/** Owns what a pod counts for in a ResourceQuota, and the words of a pod that a quota refuses. Pure. */
import type { KubeObject } from '../objects/kube-object.ts';
import { podTotals } from '../objects/pod-resources.ts';
import type { SizedPodSpec } from '../objects/pod-resources.ts';
import { canonicalText, parseQuantity } from '../objects/quantity.ts';

export interface QuotaPod extends KubeObject {
  readonly spec: SizedPodSpec;
  readonly status?: { readonly phase?: string };
}

export interface ResourceQuota extends KubeObject {
  readonly spec?: { readonly hard?: Readonly<Record<string, string>> };
  status?: {
    readonly hard?: Readonly<Record<string, string>>;
    readonly used?: Readonly<Record<string, string>>;
  };
}

/** Thousandths by resource. */
export type Usage = ReadonlyMap<string, bigint>;

const counted = ['pods', 'count/pods'];
const sized = ['cpu', 'memory', 'ephemeral-storage'];
/** Where a quota names one of them, every container has to say how much it takes. */
const mustBeSaid = ['cpu', 'memory'].flatMap((name) => [name, `requests.${name}`, `limits.${name}`]);

/** Whether pods count for this resource of a quota. */
const isOfPods = (resource: string): boolean =>
  counted.includes(resource) ||
  sized.includes(resource) ||
  /^limits\.(cpu|memory|ephemeral-storage)$/.test(resource) ||
  resource.startsWith('requests.');

/** Returns the resources of a quota that pods count for. */
export const podResourcesOf = (quota: ResourceQuota): string[] =>
  Object.keys(quota.spec?.hard ?? {})
    .filter(isOfPods)
    .sort();

/** A pod that has ended counts for nothing, nor does one that should have gone by now. */
export function countsForQuota(pod: QuotaPod, now: number): boolean {
  const { deletionTimestamp } = pod.metadata;
  const isOver = pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
  return !isOver && (deletionTimestamp === undefined || Date.parse(deletionTimestamp) >= now);
}

/** Returns what a pod takes of everything that a quota may name. */
export function usageOf(pod: QuotaPod): Usage {
  const usage = new Map(counted.map((resource) => [resource, 1000n]));
  for (const [resource, amount] of podTotals(pod.spec, ({ resources }) => resources?.requests ?? {})) {
    usage.set(`requests.${resource}`, amount);
    if (sized.includes(resource)) usage.set(resource, amount);
  }
  for (const [resource, amount] of podTotals(pod.spec, ({ resources }) => resources?.limits ?? {})) {
    usage.set(`limits.${resource}`, amount);
  }
  return usage;
}

/** Returns what `pods` take together. */
export function sumOf(pods: readonly QuotaPod[]): Usage {
  const total = new Map<string, bigint>();
  for (const pod of pods) {
    for (const [resource, amount] of usageOf(pod)) total.set(resource, (total.get(resource) ?? 0n) + amount);
  }
  return total;
}

/** Returns why `quota` refuses `pod` beside what is `used` already, in Kubernetes' words; undefined where it does not. */
export function quotaProblem(quota: ResourceQuota, pod: QuotaPod, used: Usage): string | undefined {
  const { name } = quota.metadata;
  const unsaid = unsaidResources(quota, pod);
  if (unsaid !== '') return `failed quota: ${name}: must specify ${unsaid}`;
  const asked = usageOf(pod);
  const hard = quota.spec?.hard ?? {};
  const exceeded = podResourcesOf(quota).filter((resource) => {
    const more = asked.get(resource) ?? 0n;
    return more > 0n && (used.get(resource) ?? 0n) + more > parseQuantity(hard[resource] ?? '0');
  });
  if (exceeded.length === 0) return undefined;
  const told = (amounts: Usage): string =>
    exceeded.map((resource) => `${resource}=${amountText(resource, amounts.get(resource) ?? 0n)}`).join(',');
  const limited = exceeded.map((resource) => `${resource}=${hard[resource] ?? ''}`).join(',');
  return `exceeded quota: ${name}, requested: ${told(asked)}, used: ${told(used)}, limited: ${limited}`;
}

function unsaidResources(quota: ResourceQuota, pod: QuotaPod): string {
  const containers = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])];
  return podResourcesOf(quota)
    .filter((resource) => mustBeSaid.includes(resource))
    .map((resource) => {
      const [section, field] = resource.startsWith('limits.')
        ? (['limits', resource.slice('limits.'.length)] as const)
        : (['requests', resource.replace('requests.', '')] as const);
      const silent = containers.filter(({ resources }) => resources?.[section]?.[field] === undefined);
      return { resource, names: silent.map(({ name }) => name).sort() };
    })
    .filter(({ names }) => names.length > 0)
    .map(({ resource, names }) => `${resource} for: ${names.join(',')}`)
    .join('; ');
}

/** Memory is written in powers of 1024, everything else in powers of 1000. */
export const amountText = (resource: string, thousandths: bigint): string =>
  canonicalText(thousandths, /memory|storage/.test(resource) ? 'binary' : 'decimal');
