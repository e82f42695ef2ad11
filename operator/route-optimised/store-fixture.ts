/** Owns informers for tests that a test fills itself: a store, and handlers that are told of what is put there. */
import type { ChangeHandler, Informer } from '../../kube/informer.ts';
import type { KubeObject } from '../../kube/resource.ts';
import { Store } from '../../kube/store.ts';
import type { StoreOptions } from '../../kube/store.ts';

export interface FilledInformer<Type extends KubeObject> extends Pick<Informer<Type>, 'store' | 'onChange'> {
  /** Makes `objects` all that there are. */
  fill(...objects: Type[]): void;
}

export function anInformer<Type extends KubeObject>(
  indexes: NonNullable<StoreOptions<Type>['indexes']> = {},
): FilledInformer<Type> {
  const store = new Store<Type>({ indexes });
  const handlers = new Set<ChangeHandler<Type>>();
  return {
    store,
    onChange: (handler) => {
      handlers.add(handler);
      return () => handlers.delete(handler);
    },
    fill: (...objects) => {
      for (const change of store.replace(objects)) for (const handler of handlers) handler(change);
    },
  };
}
