/** Owns what the limit stage needs of a store that counts for all gateways together. */
import type { CallerQuota, TakenPart } from '../../../core/quota/caller-quota.ts';
import type { Counter } from '../../../core/quota/counter.ts';

/** What the store has decided. Its clock is the one that counts. */
export interface StoreVerdict {
  /** The counter without room; undefined: the request is admitted. */
  readonly full: Counter | undefined;
  /** What is left of each of the caller's counters, in their order. */
  readonly remaining: readonly number[];
  /** Whether it was taken from a set of groups. */
  readonly isOpen: (set: number) => boolean;
  /** Milliseconds since the epoch, by the store's clock. */
  readonly now: number;
}

/** A request that waits for the store. One of the two is called, once, and not before `ask` has returned. */
export interface StoreQuestion {
  readonly label: string;
  readonly caller: CallerQuota;
  readonly tokens: number;
  onVerdict(verdict: StoreVerdict): void;
  /** The store does not answer, or not in time. */
  onUnavailable(): void;
}

export interface LimitStore {
  /** Whether it is worth to ask. */
  readonly isUp: boolean;
  ask(question: StoreQuestion): void;
  /** Corrects what was taken in `minute` by what it turned out to be. */
  settle(label: string, counter: Counter, more: number, minute: number): void;
  /** Notes what was taken while the store was not asked; it is told when it is back. */
  noteUnasked(label: string, taken: readonly TakenPart[], minute: number): void;
}
