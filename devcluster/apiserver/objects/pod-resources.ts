/** Owns what a pod takes of a resource altogether. Pure. */
import { parseQuantity } from './quantity.ts';

interface Resources {
  readonly requests?: Readonly<Record<string, string>>;
  readonly limits?: Readonly<Record<string, string>>;
}

/** What of a container matters here. */
export interface SizedContainer {
  readonly name: string;
  readonly restartPolicy?: string;
  readonly resources?: Resources;
}

export interface SizedPodSpec {
  readonly containers: readonly SizedContainer[];
  readonly initContainers?: readonly SizedContainer[];
}

type Total = Map<string, bigint>;

/**
 * Returns thousandths by resource: the sum over containers and native sidecars of what `amountsOf` says, or what one
 * of the init containers takes while it runs, if that is more.
 */
export function podTotals(
  spec: SizedPodSpec,
  amountsOf: (container: SizedContainer) => Readonly<Record<string, string>>,
): Total {
  const running: Total = new Map();
  for (const container of spec.containers) add(running, amountsOf(container));
  const peak: Total = new Map();
  const sidecars: Total = new Map();
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') {
      add(running, amountsOf(container));
      add(sidecars, amountsOf(container));
      continue;
    }
    const during = new Map(sidecars);
    add(during, amountsOf(container));
    for (const [resource, amount] of during) raise(peak, resource, amount);
  }
  for (const [resource, amount] of peak) raise(running, resource, amount);
  return running;
}

function add(total: Total, amounts: Readonly<Record<string, string>>): void {
  for (const [resource, quantity] of Object.entries(amounts)) {
    total.set(resource, (total.get(resource) ?? 0n) + parseQuantity(quantity));
  }
}

function raise(total: Total, resource: string, amount: bigint): void {
  if (amount > (total.get(resource) ?? 0n)) total.set(resource, amount);
}
