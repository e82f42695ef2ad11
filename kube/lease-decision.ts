/** Owns the decision about a lease: who holds it, whether it may be taken, and what is written into it. Pure. */
import type { Lease } from './kinds.ts';
import { microTimeOf } from './micro-time.ts';

export interface LeaseDurations {
  /** How long a holder that falls silent is respected. */
  readonly leaseMs: number;
  /** How long a leader may fail to renew before it stops leading; shorter than `leaseMs`. */
  readonly renewDeadlineMs: number;
  /** The pause between attempts. */
  readonly retryMs: number;
}

/** The numbers of client-go. */
export const defaultLeaseDurations: LeaseDurations = {
  leaseMs: 15_000,
  renewDeadlineMs: 10_000,
  retryMs: 2_000,
};

/** A lease and when this process (by its own monotonic clock) first saw it in this state. */
export interface ObservedLease {
  readonly lease: Lease;
  readonly changedAt: number;
}

export const holderOf = (lease: Lease | undefined): string => lease?.spec?.holderIdentity ?? '';

/** Returns when a lease was written last, in milliseconds since the epoch, by the clock of who wrote it. */
export function renewedAt(lease: Lease): number | undefined {
  const time = Date.parse(lease.spec?.renewTime ?? '');
  return Number.isNaN(time) ? undefined : time;
}

/**
 * Returns the observation after `lease` was read at `now`. Only a change of holder, renewal or transitions counts:
 * whether a holder lives is judged by how long ago *we* last saw it move, never by the times that it wrote, because
 * its clock is not ours.
 */
export function observeLease(previous: ObservedLease | undefined, lease: Lease, now: number): ObservedLease {
  const moved = previous === undefined || markOf(previous.lease) !== markOf(lease);
  return { lease, changedAt: moved ? now : previous.changedAt };
}

/** Returns whether `identity` may write itself into the lease at `now`. */
export function mayTake(
  observed: ObservedLease,
  identity: string,
  durations: LeaseDurations,
  now: number,
): boolean {
  const holder = holderOf(observed.lease);
  if (holder === '' || holder === identity) return true;
  const seconds = observed.lease.spec?.leaseDurationSeconds;
  const respectedMs = seconds === undefined ? durations.leaseMs : seconds * 1000;
  return now - observed.changedAt >= respectedMs;
}

/** Returns the lease as `identity` writes it to take or renew it; fields that others put there stay. */
export function makeHeldLease(
  current: Lease,
  identity: string,
  durations: LeaseDurations,
  wallClockMs: number,
): Lease {
  const now = microTimeOf(wallClockMs);
  const renewing = holderOf(current) === identity;
  const transitions = current.spec?.leaseTransitions;
  return {
    ...current,
    spec: {
      ...current.spec,
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(durations.leaseMs / 1000),
      acquireTime: renewing ? (current.spec?.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: transitions === undefined ? 0 : transitions + (renewing ? 0 : 1),
    },
  };
}

/** Returns the lease as a holder leaves it behind, so that the next one need not wait. */
export function makeReleasedLease(current: Lease, wallClockMs: number): Lease {
  const now = microTimeOf(wallClockMs);
  return {
    ...current,
    spec: { ...current.spec, holderIdentity: '', leaseDurationSeconds: 1, acquireTime: now, renewTime: now },
  };
}

function markOf(lease: Lease): string {
  const { holderIdentity, renewTime, leaseTransitions } = lease.spec ?? {};
  return JSON.stringify([holderIdentity, renewTime, leaseTransitions]);
}
