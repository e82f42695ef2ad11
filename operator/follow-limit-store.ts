/** Owns having endpoints looked at again when it has changed how it stands with the store that their limits are counted in. */
import type { StoreBook } from '../core/quota/store-book.ts';
import { keyOf } from '../kube/resource.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logging.ts';
import { startRepeating } from './scaling/repeat.ts';
import { countsInStore } from './serving-endpoint/claim-limits.ts';
import type { Stores } from './stores.ts';

export interface FollowLimitStoreOptions {
  readonly limitStore: Pick<StoreBook, 'settle' | 'shown'>;
  readonly stores: Pick<Stores, 'endpoints'>;
  /** How often is looked. */
  readonly pauseMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Starts to follow it; `onChange` is called with the key of each endpoint that is concerned, and of no other. */
export function startFollowingLimitStore(
  { limitStore, stores, pauseMs, clock, log }: FollowLimitStoreOptions,
  onChange: (key: string) => void,
): { stop(): Promise<void> } {
  return startRepeating(() => {
    if (limitStore.settle(clock.monotonic())) {
      log.info({ limitStore: limitStore.shown }, 'conditions tell of the limit store');
      for (const endpoint of stores.endpoints.store.list()) {
        if (countsInStore(endpoint)) onChange(keyOf(endpoint.metadata));
      }
    }
    return Promise.resolve();
  }, pauseMs);
}
