import { describe, expect, it } from 'vitest';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { WriteRate } from './write-rate.ts';

const start = Date.parse('2026-01-01T00:00:00Z');
const minute = 60_000;

const endpoint = (generation: number, createdAt = start, namespace = 'team') =>
  ({
    metadata: { name: 'iris', namespace, generation, creationTimestamp: new Date(createdAt).toISOString() },
  }) as ServingEndpoint;

const added = (createdAt: number, namespace = 'team') =>
  ({ type: 'added', object: endpoint(1, createdAt, namespace) }) as const;
const updated = (from: number, to: number) =>
  ({ type: 'updated', previous: endpoint(from), object: endpoint(to) }) as const;

describe('WriteRate', () => {
  it('counts creations and each new generation, per namespace', () => {
    const rate = new WriteRate(5 * minute);
    rate.observe(added(start), start);
    rate.observe(added(start, 'other'), start);
    rate.observe(updated(1, 2), start + minute);
    expect(rate.count('team', start + minute)).toBe(2);
    expect(rate.count('other', start + minute)).toBe(1);
    expect(rate.count('nobody', start + minute)).toBe(0);
  });

  it('counts generations that passed while nobody watched', () => {
    const rate = new WriteRate(5 * minute);
    rate.observe(updated(2, 5), start);
    expect(rate.count('team', start)).toBe(3);
  });

  it.each([
    ['a change of metadata or status', updated(2, 2)],
    ['a deletion', { type: 'deleted', object: endpoint(1) } as const],
    ['an endpoint from long ago', added(start - 10 * minute)],
  ])('does not count %s', (_what, change) => {
    const rate = new WriteRate(5 * minute);
    rate.observe(change, start);
    expect(rate.count('team', start)).toBe(0);
  });

  it('forgets what is older than the window, and tells when there is room again', () => {
    const rate = new WriteRate(5 * minute);
    // As a list tells them: in no order.
    for (const at of [2, 0, 1]) rate.observe(added(start + at * minute), start + 3 * minute);
    const now = start + 3 * minute;
    expect(rate.count('team', now)).toBe(3);
    expect(rate.waitMs('team', 4, now)).toBe(0);
    expect(rate.waitMs('team', 3, now)).toBe(2 * minute);
    expect(rate.waitMs('team', 2, now)).toBe(3 * minute);
    expect(rate.count('team', start + 5 * minute)).toBe(2);
    expect(rate.count('team', start + 8 * minute)).toBe(0);
  });

  it('does not let a creation of the future, by a clock that runs ahead, stay for longer', () => {
    const rate = new WriteRate(5 * minute);
    rate.observe(added(start + 60 * minute), start);
    expect(rate.count('team', start + 5 * minute)).toBe(0);
  });
});
