import { describe, expect, it } from 'vitest';
import { holdLimit, retryAfterSeconds } from './patience.ts';
import type { HoldOutcome, Patience, Waiting } from './patience.ts';

const patience: Patience = { queueMs: 60_000, noEndpointMs: 0, unreachableMs: 15_000 };
const asleep: Waiting = {
  since: 1_000,
  availableSince: undefined,
  isCalledReady: false,
  unreachableSince: undefined,
  expectedWakeMs: undefined,
};

describe('a request is held', () => {
  it.each<[string, Partial<Waiting>, Partial<Patience>, number, HoldOutcome]>([
    [
      'for as long as any request may take while nobody knows how long the model loads',
      {},
      {},
      298_000,
      'EvictedNoEndpoints',
    ],
    ['three times as long as the model takes', { expectedWakeMs: 30_000 }, {}, 91_000, 'EvictedNoEndpoints'],
    ['a minute at least', { expectedWakeMs: 3_000 }, {}, 61_000, 'EvictedNoEndpoints'],
    ['no longer than a request may take', { expectedWakeMs: 200_000 }, {}, 298_000, 'EvictedNoEndpoints'],
    [
      'as long as is configured',
      { expectedWakeMs: 30_000 },
      { noEndpointMs: 5_000 },
      6_000,
      'EvictedNoEndpoints',
    ],
    ['for room in a replica since there has been one', { availableSince: 9_000 }, {}, 69_000, 'EvictedTTL'],
    ['for room in a replica that was there before', { availableSince: 0 }, {}, 61_000, 'EvictedTTL'],
    [
      'a little for replicas that are called ready and cannot be reached',
      { isCalledReady: true, unreachableSince: 2_000 },
      {},
      17_000,
      'EvictedNoEndpoints',
    ],
    [
      'for a new replica once those that could not be reached are gone',
      { unreachableSince: 2_000, expectedWakeMs: 30_000 },
      {},
      91_000,
      'EvictedNoEndpoints',
    ],
  ])('%s', (_name, waiting, more, until, outcome) => {
    expect(holdLimit({ ...asleep, ...waiting }, { ...patience, ...more })).toEqual({ until, outcome });
  });
});

describe('a request is told to come again', () => {
  it.each<[string, number | undefined, number | undefined, number, number]>([
    ['when the model should have loaded', 0, 20_000, 0, 20],
    ['the sooner the longer it loads already', 15_000, 20_000, 0, 5],
    ['up to a fifth later, so that not all come at once', 0, 20_000, 0.999, 24],
    ['soon where the load is overdue', 60_000, 20_000, 0, 2],
    ['in a second at least', 0, 300, 0, 1],
    ['in ten seconds where nobody knows how long it takes', 0, undefined, 0, 10],
    ['in a second or two where replicas are there', undefined, 20_000, 0, 1],
    ['never later than a request may take', 0, 1_000_000, 0.9, 297],
  ])('%s', (_name, elapsedMs, expectedMs, random, seconds) => {
    expect(retryAfterSeconds(elapsedMs, expectedMs, random)).toBe(seconds);
  });
});
