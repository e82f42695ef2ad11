/** Owns watches: what exists, then every change, as seen through selectors. */
import type { WatchEvent } from '../client/local-client.ts';
import type { ResourceType } from '../resources/resource-type.ts';
import type { ObjectMatcher } from '../selectors/field-selector.ts';
import type { ObjectStore, StoreChange, StoreSubscription } from '../storage/object-store.ts';

/**
 * Calls `listener` with every selected change after `version`.
 *
 * @throws ApiError 410 where changes after `version` are forgotten.
 */
export function watchFrom(
  store: ObjectStore,
  type: ResourceType,
  options: { readonly version: number; readonly matches: ObjectMatcher },
  listener: (event: WatchEvent) => void,
): StoreSubscription {
  return store.subscribe(type.storage, options.version, (change) => {
    const event = eventOf(change, type, options.matches);
    if (event !== undefined) listener(event);
  });
}

/** Calls `listener` with ADDED for everything selected, and then with every change. Returns the version in between. */
export function watchAll(
  store: ObjectStore,
  type: ResourceType,
  matches: ObjectMatcher,
  listener: (event: WatchEvent) => void,
): StoreSubscription & { readonly version: number } {
  const { items, version } = store.list(type.storage);
  for (const item of items) {
    const object = type.fromStored(item);
    if (matches(object)) listener({ type: 'ADDED', object });
  }
  return { version, ...watchFrom(store, type, { version, matches }, listener) };
}

/** An object that a selector begins to match is added for that watch, and one that it no longer matches is gone. */
function eventOf(change: StoreChange, type: ResourceType, matches: ObjectMatcher): WatchEvent | undefined {
  const object = type.fromStored(change.object);
  const isIn = change.type !== 'DELETED' && matches(object);
  const wasIn = change.previous !== undefined && matches(type.fromStored(change.previous));
  if (isIn) return { type: wasIn ? 'MODIFIED' : 'ADDED', object };
  return wasIn ? { type: 'DELETED', object } : undefined;
}
