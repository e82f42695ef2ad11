/** Owns the loop around a reconcile function: workers, what each outcome means for the key, and how it is observed. */
import { randomUUID } from 'node:crypto';
import { systemClock } from '../platform/clock.ts';
import type { Clock } from '../platform/clock.ts';
import { AppError } from '../platform/errors.ts';
import type { Logger } from '../platform/logging.ts';
import { ApiError, isConflict } from './api-error.ts';
import type { Informer } from './informer.ts';
import { makeKubeMetrics } from './kube-metrics.ts';
import type { KubeMetrics } from './kube-metrics.ts';
import type { KubeObject } from './resource.ts';
import { WorkQueue } from './workqueue.ts';

export type Outcome = { readonly kind: 'done' } | { readonly kind: 'requeueAfter'; readonly ms: number };

/** The world is as it should be; the key comes back when something changes. */
export const done: Outcome = { kind: 'done' };

/** Nothing is wrong, but the key has to be looked at again after `ms`. */
export const requeueAfter = (ms: number): Outcome => ({ kind: 'requeueAfter', ms });

/** Trying again cannot help until somebody changes the object: the reconcile has recorded it in the status. */
export class TerminalError extends AppError {}

export interface ReconcileContext {
  /** Carries the controller, the key and an id of this one reconcile on every line. */
  readonly log: Logger;
  readonly reconcileId: string;
  /** Fires when the controller is told to stop; a reconcile may finish what it is doing. */
  readonly signal: AbortSignal;
}

export type Reconcile = (key: string, context: ReconcileContext) => Promise<Outcome>;

export interface ControllerOptions {
  readonly name: string;
  readonly reconcile: Reconcile;
  readonly log: Logger;
  /** How many keys are reconciled side by side. Default 1. */
  readonly workers?: number;
  /** What the workers wait for before they start: the stores that the reconcile reads. */
  readonly waitFor?: readonly Pick<Informer<KubeObject>, 'synced'>[];
  readonly queue?: WorkQueue;
  readonly metrics?: KubeMetrics;
  readonly clock?: Clock;
}

export interface Controller {
  readonly queue: WorkQueue;
  /** Enqueues the keys that `keysOf` finds for each changed object, and for the state that it had before. */
  watch<Type extends KubeObject>(informer: Informer<Type>, keysOf: (object: Type) => readonly string[]): void;
  /** Stops handing out keys and resolves when the reconciles under way have ended. */
  stop(): Promise<void>;
}

type Result = 'success' | 'requeue_after' | 'error' | 'terminal_error' | 'panic';

/**
 * Starts a controller. What the reconcile answers decides about the key: done → forgotten until something changes;
 * requeueAfter → again after that time; an error → again, rate-limited; TerminalError → not again; anything else
 * thrown is a defect of ours, counted as a panic and tried again, rate-limited.
 */
export function startController(options: ControllerOptions): Controller {
  const { name, log, workers = 1, waitFor = [] } = options;
  const metrics = options.metrics ?? makeKubeMetrics();
  const clock = options.clock ?? systemClock;
  const queue = options.queue ?? new WorkQueue({ name, metrics, clock });
  const stopping = new AbortController();
  const unwatch: (() => void)[] = [];
  const stopped = Promise.withResolvers<undefined>();

  const work = async (): Promise<void> => {
    await Promise.race([Promise.all(waitFor.map((informer) => informer.synced)), stopped.promise]);
    for (let key = await queue.get(); key !== undefined; key = await queue.get()) {
      // What is in line when a stop comes waits for the next leader.
      if (!stopping.signal.aborted) await reconcileOnce(key);
      queue.done(key);
    }
  };
  const reconcileOnce = async (key: string): Promise<void> => {
    const reconcileId = randomUUID();
    const keyLog = log.child({ controller: name, key, reconcileId });
    const startedAt = clock.monotonic();
    metrics.activeWorkers.inc({ controller: name });
    const result = await settle(queue, key, keyLog, () =>
      options.reconcile(key, { log: keyLog, reconcileId, signal: stopping.signal }),
    );
    metrics.activeWorkers.dec({ controller: name });
    metrics.reconciles.inc({ controller: name, result });
    metrics.reconcileSeconds.observe({ controller: name }, (clock.monotonic() - startedAt) / 1000);
  };

  const running = Array.from({ length: workers }, work);
  return {
    queue,
    watch: (informer, keysOf) => {
      unwatch.push(
        informer.onChange((change) => {
          const before = change.type === 'updated' ? keysOf(change.previous) : [];
          for (const key of [...before, ...keysOf(change.object)]) queue.add(key);
        }),
      );
    },
    stop: async () => {
      stopping.abort();
      for (const remove of unwatch) remove();
      queue.shutDown();
      stopped.resolve(undefined);
      await Promise.all(running);
    },
  };
}

async function settle(
  queue: WorkQueue,
  key: string,
  log: Logger,
  reconcile: () => Promise<Outcome>,
): Promise<Result> {
  try {
    const outcome = await reconcile();
    queue.forget(key);
    if (outcome.kind === 'done') return 'success';
    queue.addAfter(key, outcome.ms);
    return 'requeue_after';
  } catch (error) {
    return settleFailure(queue, key, log, error);
  }
}

function settleFailure(queue: WorkQueue, key: string, log: Logger, error: unknown): Result {
  if (error instanceof TerminalError) {
    queue.forget(key);
    log.error({ error }, 'reconcile failed for good');
    return 'terminal_error';
  }
  queue.addRateLimited(key, error instanceof ApiError ? error.retryAfterMs : undefined);
  const failures = queue.failures(key);
  if (!(error instanceof AppError)) {
    log.error({ error, failures }, 'reconcile panicked');
    return 'panic';
  }
  // Somebody else was faster: everyday, and the next attempt sees the newer object.
  if (isConflict(error)) log.debug({ error, failures }, 'reconcile met a conflict, trying again');
  else log.error({ error, failures }, 'reconcile failed, trying again');
  return 'error';
}
