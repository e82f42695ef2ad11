/** Owns the way from N to zero: looks once a second for what has been idle long enough, and scales it. */
import type { Deployment } from '../../kube/kinds.ts';
import { refOf } from '../../kube/resource.ts';
import type { Leaving } from '../route-optimised/leaving.ts';
import type { Stores } from '../stores.ts';
import { autoscalersOf, isStopped, mayNotShrink } from './endpoint-of.ts';
import type { Idleness } from './idleness.ts';
import { startRepeating } from './repeat.ts';
import type { ReplicaWriter } from './replica-writer.ts';

export interface ScaleToZeroOptions {
  readonly stores: Stores;
  readonly idleness: Idleness;
  readonly writer: ReplicaWriter;
  readonly leaving: Pick<Leaving, 'look' | 'mayGo' | 'stays'>;
}

/** As often as proxies report. */
const intervalMs = 1_000;

/** Starts it, on the leader alone; the stores must be complete. */
export function startScaleToZero(options: ScaleToZeroOptions): { stop(): Promise<void> } {
  return startRepeating(async (signal) => {
    options.idleness.look();
    options.leaving.look();
    for (const deployment of options.stores.deployments.store.list()) {
      // Many may have become idle at once, and whoever leads next is waiting for the lease.
      if (signal.aborted) return;
      await judge(deployment, options);
    }
  }, intervalMs);
}

async function judge(deployment: Deployment, options: ScaleToZeroOptions): Promise<void> {
  const { stores, idleness, writer, leaving } = options;
  const idleMs = idleness.longEnough(deployment);
  if (idleMs === undefined || !isOurs(deployment, stores)) {
    leaving.stays(deployment);
    return;
  }
  if (!leaving.mayGo(deployment)) return;
  const note = `went to zero after ${Math.round(idleMs / 1000)}s without demand`;
  await writer.write(deployment, { replicas: 0, reason: 'ScaledToZero', note });
}

/**
 * Whether zero is the operator's to set: not while a person holds the scale still, nor where an HPA goes to zero itself
 * or somebody else's scales the Deployment. What the store shows counts, not what is configured: an HPA that may go to
 * zero does so until it has been changed.
 */
function isOurs(deployment: Deployment, stores: Stores): boolean {
  if (isStopped(stores, deployment) || mayNotShrink(stores, deployment)) return false;
  const { name } = refOf(deployment);
  return autoscalersOf(stores, deployment).every(
    ({ metadata, spec }) => metadata?.name === name && spec.minReplicas !== 0,
  );
}
