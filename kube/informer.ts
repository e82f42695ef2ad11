/** Owns a watched collection as a process uses it: a store kept true by a reflector, and handlers told of each change. */
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logging.ts';
import { makeKubeMetrics } from './kube-metrics.ts';
import type { KubeMetrics } from './kube-metrics.ts';
import type { ListScope } from './paged-list.ts';
import { makePrepare } from './prepare-object.ts';
import { Reflector } from './reflector.ts';
import type { ReflectorTimings } from './reflector.ts';
import { resourceNameOf } from './resource.ts';
import type { KubeObject, ResourceKind } from './resource.ts';
import { SharedParts } from './shared-parts.ts';
import { Store } from './store.ts';
import type { Change, IndexFunction, ReadStore } from './store.ts';
import type { KubeTransport } from './transport.ts';

/** Told synchronously, after the store has the change; it puts keys into queues and leaves the work to others. */
export type ChangeHandler<Type> = (change: Change<Type>) => void;

export interface Informer<Type extends KubeObject> {
  readonly store: ReadStore<Type>;
  /** Resolves once the store holds a complete list; stays pending while the server cannot be read. */
  readonly synced: Promise<void>;
  hasSynced(): boolean;
  /** Adds a handler, tells it of everything that is in the store already, and returns how to remove it. */
  onChange(handler: ChangeHandler<Type>): () => void;
  secondsSinceLastEvent(): number;
  stop(): Promise<void>;
}

export interface InformerOptions<Type extends KubeObject> extends ListScope {
  readonly transport: KubeTransport;
  readonly kind: ResourceKind<Type>;
  readonly log: Logger;
  readonly indexes?: Readonly<Record<string, IndexFunction<Type>>>;
  /** Applied to each object as it arrives, which it may change in place. Default `dropBulk`. */
  readonly transform?: (object: Type) => Type;
  /** For several informers of a process, whose objects have much in common; default one for this informer alone. */
  readonly parts?: SharedParts;
  /** Fetches metadata alone, for kinds whose spec nobody reads. */
  readonly metadataOnly?: boolean;
  readonly metrics?: KubeMetrics;
  readonly clock?: Clock;
  readonly pageSize?: number;
  readonly timings?: Partial<ReflectorTimings>;
}

/**
 * Starts to watch a kind within a scope.
 *
 * @example
 * const pods = startInformer({ transport, kind: kinds.pods, log, indexes: { node: (pod) => [pod.spec?.nodeName ?? ''] } });
 * await pods.synced;
 * pods.store.byIndex('node', 'n1');
 */
export function startInformer<Type extends KubeObject>(options: InformerOptions<Type>): Informer<Type> {
  const { indexes = {}, transform, parts = new SharedParts(), log, metrics = makeKubeMetrics() } = options;
  const resource = resourceNameOf(options.kind);
  const store = new Store<Type>({ indexes });
  const handlers = new Set<ChangeHandler<Type>>();

  const tell = (handler: ChangeHandler<Type>, change: Change<Type>): void => {
    try {
      handler(change);
    } catch (error) {
      // One broken handler must neither stop the others nor make the reflector believe that the server failed.
      metrics.handlerFailures.inc({ resource });
      log.error({ resource, error }, 'change handler failed');
    }
  };
  const publish = (changes: readonly Change<Type>[]): void => {
    metrics.storeObjects.set({ resource }, store.size);
    for (const change of changes) for (const handler of handlers) tell(handler, change);
  };
  const reflector = new Reflector<Type>({
    ...options,
    metrics,
    prepare: makePrepare(parts, transform),
    sink: {
      replace: (objects) => publish(store.replace(objects)),
      upsert: (object) => publish(store.upsert(object)),
      remove: (object) => publish(store.remove(object)),
    },
  });
  const endReport = metrics.reportSilence(resource, () => reflector.secondsSinceLastEvent());
  reflector.start();
  return {
    store,
    synced: reflector.synced,
    hasSynced: () => reflector.hasSynced(),
    secondsSinceLastEvent: () => reflector.secondsSinceLastEvent(),
    onChange: (handler) => {
      handlers.add(handler);
      for (const object of store.list()) tell(handler, { type: 'added', object });
      return () => handlers.delete(handler);
    },
    stop: async () => {
      endReport();
      handlers.clear();
      await reflector.stop();
    },
  };
}
