/** Owns the table of when an update is given up. */
import { describe, expect, it } from 'vitest';
import { entityReasons } from '../../crds/schema/reasons.ts';
import { deadlinesSchema } from '../config/deadlines.ts';
import { judgeGivingUp, patienceOf } from './give-up.ts';
import type { Shortfall } from './give-up.ts';

const deadlines = deadlinesSchema.parse({});
const now = Date.parse('2026-01-01T12:00:00Z');
const minute = 60_000;

const shortfall = (reason: Shortfall['reason'], failedFor?: number): Shortfall => ({
  entity: 'iris-2',
  reason,
  message: 'why',
  failedSince: failedFor === undefined ? undefined : now - failedFor,
});
const judge = (shortfalls: readonly Shortfall[], pendingFor = 10 * minute) =>
  judgeGivingUp({ shortfalls, pendingSince: now - pendingFor, deadlines, now });

describe('a config version that is being brought up', () => {
  it.each<[string, Shortfall, number | 'now']>([
    ['is given up at once where there is no such model', shortfall('ModelNotFound', 0), 'now'],
    ['is given up at once where the model does not fit on the disk', shortfall('StorageFull', 0), 'now'],
    ['is given up at once where no runtime serves it', shortfall('NoRuntimeForFormat', 0), 'now'],
    ['is given up at once where its runtime is not one for it', shortfall('RuntimeUnsuitable', 0), 'now'],
    ['is given up at once where its Deployment is out of time', shortfall('DeadlineExceeded', 0), 'now'],
    ['has 5 minutes for an image to come', shortfall('ImagePullFailed', minute), 4 * minute],
    ['is given up when the image has not come by then', shortfall('ImagePullFailed', 5 * minute), 'now'],
    ['has 5 minutes for a permission to be granted', shortfall('ModelAccessDenied', 0), 5 * minute],
    ['has 5 minutes for the model’s server to come back', shortfall('ModelFetchFailed', 0), 5 * minute],
    ['has 5 minutes for a Secret to be made', shortfall('PodConfigInvalid', 2 * minute), 3 * minute],
    ['has 5 minutes for a quota to grow', shortfall('QuotaExceeded', 0), 5 * minute],
    ['has 5 minutes for a name to become free', shortfall('NotOwned', 0), 5 * minute],
    ['has 1 minute of failing again and again', shortfall('ModelLoadFailed', 0), minute],
    ['is given up after a minute of crashes', shortfall('CrashLoop', minute), 'now'],
    ['is given up after a minute out of memory', shortfall('OutOfMemory', minute), 'now'],
    ['waits for a node until its deadline', shortfall('Unschedulable'), 50 * minute],
    ['may load until its deadline', shortfall('LoadingModel'), 50 * minute],
  ])('%s', (_name, missing, expected) => {
    const { cause, dueInMs } = judge([missing]);
    expect(cause === undefined ? dueInMs : 'now').toBe(expected);
    if (cause !== undefined) expect(cause).toEqual({ reason: missing.reason, message: 'iris-2: why' });
  });

  it.each<[string, number, number]>([
    ['not from before the version was worked on', 2 * minute, 3 * minute],
    ['from when the failure began, where that was later', 10 * minute, 0],
  ])('has its patience counted %s', (_name, pendingFor, dueInMs) => {
    const { cause, dueInMs: due } = judge([shortfall('ImagePullFailed', 5 * minute)], pendingFor);
    expect(cause === undefined ? due : 0).toBe(dueInMs);
  });

  it('is given up at its deadline, with what it was waiting for', () => {
    expect(judge([shortfall('Unschedulable')], 60 * minute).cause).toEqual({
      reason: 'DeadlineExceeded',
      message: 'not ready within 60 minutes: iris-2: why',
    });
  });

  it('is given up for the first of its entities that has failed for good', () => {
    const { cause } = judge([shortfall('LoadingModel'), shortfall('ModelNotFound', 0)]);
    expect(cause?.reason).toBe('ModelNotFound');
  });

  it('that lacks nothing is not given up, however long it took', () => {
    expect(judge([], 1000 * minute)).toEqual({ cause: undefined, dueInMs: undefined });
  });
});

it('every reason has its patience', () => {
  expect(Object.keys(patienceOf).toSorted()).toEqual(Object.values(entityReasons).toSorted());
});
