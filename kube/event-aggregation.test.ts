/** Owns the proof of which occurrences become events, which are counted up, and which are too many. */
import { beforeEach, describe, expect, it } from 'vitest';
import { makeEventAggregation } from './event-aggregation.ts';
import type { EventAggregation, EventDecision, Occurrence, Regarding } from './event-aggregation.ts';

const wine: Regarding = { apiVersion: 'v1', kind: 'Pod', name: 'wine', namespace: 'a', uid: 'u1' };
const happened: Occurrence = { type: 'Normal', reason: 'Scaled', action: 'Scale', note: 'to 0' };
const minute = 60_000;
const verb = ({ do: what }: EventDecision): string => what;

let aggregation: EventAggregation;
beforeEach(() => {
  aggregation = makeEventAggregation();
});

describe('a series', () => {
  it('is created at first, counted at the second, and after that written twice a minute at most', () => {
    const times = [0, 1_000, 2_000, 20_000, 31_000, 32_000, 70_000];
    const decisions = times.map((now) => aggregation.decide(wine, happened, now));
    expect(decisions.map(verb)).toEqual(['create', 'count', 'hold', 'hold', 'count', 'hold', 'count']);
    expect(decisions.at(-1)).toMatchObject({ count: 7 });
  });

  it('ends after six quiet minutes', () => {
    aggregation.decide(wine, happened, 0);
    expect(verb(aggregation.decide(wine, happened, 6 * minute))).toBe('count');
    expect(verb(aggregation.decide(wine, happened, 12 * minute + 1))).toBe('create');
  });

  it('begins anew when its event is gone', () => {
    const decision = aggregation.decide(wine, happened, 0);
    if (decision.do === 'create') aggregation.forget(decision.series);
    expect(verb(aggregation.decide(wine, happened, 1))).toBe('create');
  });

  it.each<[string, Regarding, Occurrence]>([
    ['another object', { ...wine, name: 'beer' }, happened],
    ['an object of the same name made anew', { ...wine, uid: 'u2' }, happened],
    ['another namespace', { ...wine, namespace: 'b' }, happened],
    ['another reason', wine, { ...happened, reason: 'Woken' }],
    ['another type', wine, { ...happened, type: 'Warning' }],
    ['another action', wine, { ...happened, action: 'Wake' }],
    ['another note, which an event cannot change', wine, { ...happened, note: 'to 1' }],
  ])('is not that of %s', (_row, regarding, occurrence) => {
    aggregation.decide(wine, happened, 0);
    expect(verb(aggregation.decide(regarding, occurrence, 1))).toBe('create');
  });

  it('is the same when only the version of the object has changed', () => {
    aggregation.decide({ ...wine, resourceVersion: '1' }, happened, 0);
    expect(verb(aggregation.decide({ ...wine, resourceVersion: '2' }, happened, 1))).toBe('count');
  });
});

describe('one object', () => {
  const many = (count: number, now: number): string[] =>
    Array.from({ length: count }, (_, index) =>
      verb(aggregation.decide(wine, { ...happened, note: `${now}-${index}` }, now)),
    );

  it('gets 25 new events at once and then one in five minutes', () => {
    const flood = many(30, 0);
    expect(flood.filter((what) => what === 'create')).toHaveLength(25);
    expect(flood.slice(25)).toEqual(Array(5).fill('limit'));
    expect(many(2, 5 * minute)).toEqual(['create', 'limit']);
  });

  it('does not use up what another has', () => {
    many(30, 0);
    expect(verb(aggregation.decide({ ...wine, name: 'beer' }, happened, 0))).toBe('create');
  });

  it('has all of it again after hours of quiet, and no more than that', () => {
    many(30, 0);
    expect(many(30, 24 * 60 * minute).filter((what) => what === 'create')).toHaveLength(25);
  });
});
