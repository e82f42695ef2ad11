/** Owns the tables of which time counts for an update. */
import { describe, expect, it } from 'vitest';
import type { ServingEndpointStatus } from '../../crds/schema/serving-endpoint.ts';
import { iris, now, one, reconciled, revisions, servingOne } from './phases-fixture.ts';
import { config } from './snapshot-fixture.ts';
import { statusOfBlocked } from './status.ts';
import { atWorkSince, UpdateClock } from './update-clock.ts';

const minute = 60_000;

describe('a leader is at work', () => {
  it.each<[string, number | undefined, number]>([
    ['as long as the one before it, which led a moment ago', now - 4_000, -Infinity],
    ['as long as the one before it, whose clock is ahead', now + 5 * minute, -Infinity],
    ['from now on, where nobody led for a while', now - minute, now],
    ['from now on, where nobody ever led', undefined, now],
  ])('%s', (_name, lastHeldAt, expected) => {
    expect(atWorkSince(lastHeldAt, now)).toBe(expected);
  });
});

describe('an endpoint is worked on', () => {
  const { status } = reconciled(iris(2).withStatus(servingOne).build(), { revisions });
  const blocked = statusOfBlocked(
    { ...one, status },
    { reason: 'NameTaken', message: 'why' },
    { spec: one.spec, config, now },
  );
  const failing = (...at: number[]) => {
    const clock = new UpdateClock(-Infinity);
    for (const time of at) clock.noteFailure('default/iris', time);
    return clock;
  };

  it.each<[string, UpdateClock, ServingEndpointStatus | undefined, number]>([
    ['since ever, as far as its leader can tell', new UpdateClock(-Infinity), status, -Infinity],
    ['since its leader leads, after a break', new UpdateClock(now - 5_000), status, now - 5_000],
    ['since ever, where nobody has looked at it yet', new UpdateClock(-Infinity), undefined, -Infinity],
    ['from now on, where it was blocked until now', new UpdateClock(-Infinity), blocked, now],
    ['from now on, where no reconcile got through for a while', failing(now - minute, now - 1), status, now],
    ['since ever, where one only failed a moment ago', failing(now - 1_000), status, -Infinity],
  ])('%s', (_name, clock, known, expected) => {
    expect(clock.workedSince('default/iris', known, now)).toBe(expected);
  });

  it('since ever again once a reconcile got through, and whatever befalls others', () => {
    const clock = failing(now - minute);
    expect(clock.workedSince('default/rose', status, now)).toBe(-Infinity);
    clock.noteSuccess('default/iris');
    expect(clock.workedSince('default/iris', status, now)).toBe(-Infinity);
  });

  it('while it is stopped, but nothing is pending then: its time begins with the start', () => {
    const pending = { configVersion: 2, since: '2026-01-01T00:09:00Z' };
    const updating = iris(2).withStatus({ ...servingOne, pending });
    const stopped = reconciled(updating.withSpec({ suspended: true }).build(), { revisions });
    expect(stopped.status.pending).toBeUndefined();
    const started = { ...updating.build(), status: stopped.status };
    const later = reconciled(started, { revisions }, { at: now + 600 * minute });
    expect(later.status.pending).toEqual({ configVersion: 2, since: '2026-01-01T10:10:00Z' });
  });
});
