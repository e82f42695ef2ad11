/** Owns the concurrency of Deployments as the metrics API and other operators ask for it. */
import { concurrencyMetric } from '../../core/scaling/concurrency-metric.ts';
import { demandKey } from '../../core/scaling/demand-book.ts';
import type { DemandBook } from '../../core/scaling/demand-book.ts';
import type { Clock } from '../../platform/clock.ts';
import { isReady } from '../serving-endpoint/cold-start.ts';
import { byDeployment } from '../stores.ts';
import type { Stores } from '../stores.ts';

/** A Deployment whose concurrency is known. */
export interface KnownConcurrency {
  readonly deployment: string;
  /** Summed over its pods. */
  readonly concurrency: number;
}

/** Returns what is known in a namespace; of one Deployment only, where `deployment` names it. */
export type ReadConcurrency = (
  namespace: string,
  deployment?: string,
) => Promise<readonly KnownConcurrency[]>;

/** Returns a reader of this process' own book: to be asked of the leader alone, who hears all reports. */
export function makeConcurrencyReader(options: {
  readonly book: DemandBook;
  readonly stores: Pick<Stores, 'pods'>;
  readonly clock: Clock;
}): ReadConcurrency {
  const { book, stores, clock } = options;
  return (namespace, deployment) => {
    const keys = deployment === undefined ? book.keysIn(namespace) : [demandKey(namespace, deployment)];
    const now = clock.monotonic();
    const known = keys.flatMap((key) => {
      const readyPods = stores.pods.store
        .byIndex(byDeployment, key)
        .filter(isReady)
        .map((pod) => pod.metadata?.name ?? '');
      const concurrency = concurrencyMetric(book.demandOf(key, now), readyPods);
      return concurrency === undefined ? [] : [{ deployment: key.slice(namespace.length + 1), concurrency }];
    });
    return Promise.resolve(known);
  };
}
