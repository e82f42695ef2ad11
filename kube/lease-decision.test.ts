/** Owns the proof of who may take a lease and what is then written into it. */
import { describe, expect, it } from 'vitest';
import type { Lease } from './kinds.ts';
import {
  defaultLeaseDurations,
  holderOf,
  makeHeldLease,
  makeReleasedLease,
  mayTake,
  observeLease,
  renewedAt,
} from './lease-decision.ts';
import { microTimeOf } from './micro-time.ts';

const heldBy = (holderIdentity: string, spec: Lease['spec'] = {}): Lease => ({
  metadata: { name: 'l', resourceVersion: '7' },
  spec: { holderIdentity, leaseDurationSeconds: 15, renewTime: '2026-01-01T00:00:00.000000Z', ...spec },
});

describe('who may take a lease', () => {
  it.each([
    ['nobody holds it', heldBy(''), 0, true],
    ['it has no spec at all', { metadata: { name: 'l' } }, 0, true],
    ['we hold it already', heldBy('me'), 0, true],
    ['another holds it and moved just now', heldBy('other'), 0, false],
    ['another was silent for less than its duration', heldBy('other'), 14_999, false],
    ['another was silent for its duration', heldBy('other'), 15_000, true],
    ['another asked for a longer duration', heldBy('other', { leaseDurationSeconds: 60 }), 30_000, false],
    [
      'another says that it renewed long ago, but we only just saw it',
      heldBy('other', { renewTime: '1999-01-01T00:00:00.000000Z' }),
      0,
      false,
    ],
    [
      'another says that it renewed in the future, and was silent',
      heldBy('other', { renewTime: '2999-01-01T00:00:00.000000Z' }),
      15_000,
      true,
    ],
  ])('%s', (_row, lease, silentMs, expected) => {
    expect(mayTake({ lease, changedAt: 100 }, 'me', defaultLeaseDurations, 100 + silentMs)).toBe(expected);
  });

  it('uses our own duration where the holder wrote none', () => {
    const lease: Lease = { spec: { holderIdentity: 'other' } };
    expect(mayTake({ lease, changedAt: 0 }, 'me', defaultLeaseDurations, 14_999)).toBe(false);
    expect(mayTake({ lease, changedAt: 0 }, 'me', defaultLeaseDurations, 15_000)).toBe(true);
  });
});

describe('observing', () => {
  const first = observeLease(undefined, heldBy('other'), 100);
  it.each([
    ['the same state leaves the time of the last move', heldBy('other'), 100],
    [
      'another version alone is no sign of life',
      { ...heldBy('other'), metadata: { resourceVersion: '8' } },
      100,
    ],
    ['a renewal is one', heldBy('other', { renewTime: '2026-01-01T00:00:02.000000Z' }), 200],
    ['another holder is one', heldBy('third'), 200],
    ['a transition is one', heldBy('other', { leaseTransitions: 4 }), 200],
  ])('%s', (_row, lease, changedAt) => {
    expect(observeLease(first, lease, 200)).toEqual({ lease, changedAt });
  });
});

describe('what is written', () => {
  const at = Date.UTC(2026, 10, 23, 6, 0, 0, 123);
  const now = '2026-11-23T06:00:00.123000Z';

  it('times have six digits, or the API server refuses them', () => {
    expect(microTimeOf(at)).toBe(now);
  });

  it('a new lease begins without transitions', () => {
    expect(makeHeldLease({ metadata: { name: 'l' } }, 'me', defaultLeaseDurations, at).spec).toEqual({
      holderIdentity: 'me',
      leaseDurationSeconds: 15,
      acquireTime: now,
      renewTime: now,
      leaseTransitions: 0,
    });
  });

  it('a renewal keeps the time of acquisition and the transitions', () => {
    const mine = heldBy('me', { acquireTime: 'then', leaseTransitions: 3 });
    expect(makeHeldLease(mine, 'me', defaultLeaseDurations, at).spec).toMatchObject({
      acquireTime: 'then',
      renewTime: now,
      leaseTransitions: 3,
    });
  });

  it('a take-over counts a transition and keeps what others wrote', () => {
    const lease = {
      ...heldBy('other', { leaseTransitions: 3 }),
      metadata: { labels: { a: 'b' }, resourceVersion: '7' },
    };
    const taken = makeHeldLease(
      { ...lease, spec: { ...lease.spec, strategy: 'x' } },
      'me',
      defaultLeaseDurations,
      at,
    );
    expect(taken.spec).toMatchObject({
      holderIdentity: 'me',
      acquireTime: now,
      leaseTransitions: 4,
      strategy: 'x',
    });
    expect(taken.metadata).toEqual(lease.metadata);
  });

  it('a release leaves nobody as the holder, for one second', () => {
    const released = makeReleasedLease(heldBy('me', { leaseTransitions: 3 }), at);
    expect(holderOf(released)).toBe('');
    expect(released.spec).toMatchObject({ leaseDurationSeconds: 1, leaseTransitions: 3, renewTime: now });
  });
});

describe('when a lease was written last', () => {
  it.each<[string, Lease, number | undefined]>([
    ['is what its writer says', heldBy('other'), Date.UTC(2026, 0, 1)],
    ['is known to the millisecond', heldBy('', { renewTime: microTimeOf(1_234) }), 1_234],
    ['is unknown where it has no spec', { metadata: { name: 'l' } }, undefined],
    ['is unknown where somebody wrote no time', heldBy('other', { renewTime: 'soon' }), undefined],
  ])('%s', (_name, lease, expected) => {
    expect(renewedAt(lease)).toBe(expected);
  });
});
