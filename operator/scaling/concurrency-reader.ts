/** Owns the concurrency of Deployments as the metrics API and other operators ask for it. */
import { concurrencyMetric } from '../../core/scaling/concurrency-metric.ts';
import { demandKey } from '../../core/scaling/demand-book.ts';
import type { DemandBook } from '../../core/scaling/demand-book.ts';
import { toldAtZero, toldConcurrency } from '../../core/scaling/told-concurrency.ts';
import type { Clock } from '../../platform/clock.ts';
import { isReady } from '../serving-endpoint/cold-start.ts';
import { replicasOf } from '../serving-endpoint/replicas.ts';
import { byDeployment } from '../stores.ts';
import type { Stores } from '../stores.ts';
import type { Idleness } from './idleness.ts';
import { rulesOn } from './rules-on.ts';

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

export interface ConcurrencyReaderOptions {
  readonly book: DemandBook;
  readonly idleness: Pick<Idleness, 'longEnough'>;
  readonly stores: Pick<Stores, 'pods' | 'deployments'>;
  readonly clock: Clock;
}

/** Returns a reader of this process' own book: to be asked of the leader alone, who hears all reports. */
export function makeConcurrencyReader(options: ConcurrencyReaderOptions): ReadConcurrency {
  return (namespace, deployment) => {
    const keys =
      deployment === undefined ? options.book.keysIn(namespace) : [demandKey(namespace, deployment)];
    const known = keys.flatMap((key) => {
      const concurrency = concurrencyOf(key, options);
      return concurrency === undefined ? [] : [{ deployment: key.slice(namespace.length + 1), concurrency }];
    });
    return Promise.resolve(known);
  };
}

function concurrencyOf(key: string, options: ConcurrencyReaderOptions): number | undefined {
  const { book, idleness, stores, clock } = options;
  const deployment = stores.deployments.store.get(key);
  const rules = rulesOn(deployment);
  if (deployment === undefined || rules === undefined) return undefined;
  const { desired } = replicasOf(deployment);
  const now = clock.monotonic();
  const demand = book.demandOf(key, now, rules.windowMs);
  if (desired === 0) return toldAtZero(demand, now);
  const readyPods = stores.pods.store
    .byIndex(byDeployment, key)
    .filter(isReady)
    .map((pod) => pod.metadata?.name ?? '');
  const concurrency = concurrencyMetric(demand, readyPods);
  if (demand === undefined || concurrency === undefined) return undefined;
  return toldConcurrency({
    concurrency,
    isSettled: demand.isSettled,
    // What is asked for, not what runs: pods that are still to come, or that a quota refuses, are not to be given up.
    replicas: desired,
    rules,
    mayGoToZero: idleness.longEnough(deployment) !== undefined,
  });
}
