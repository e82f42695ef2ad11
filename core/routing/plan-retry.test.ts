import { describe, expect, it } from 'vitest';
import { planRetry } from './plan-retry.ts';
import type { RetryInput, RetryPlan } from './plan-retry.ts';

const usual: RetryInput = {
  end: 'server-error',
  isReplayable: true,
  hasOther: true,
  attempts: 0,
  rules: { attempts: 2, serverErrors: false },
  elapsedMs: 1_000,
  retryAfterMs: undefined,
  random: 0,
};
const idempotent = { attempts: 2, serverErrors: true };
const soon: RetryPlan = { kind: 'paid', afterMs: 12.5 };

describe('a request', () => {
  it.each<[string, Partial<RetryInput>, RetryPlan]>([
    ['whose connection was refused goes elsewhere', { end: 'unsent' }, { kind: 'free' }],
    [
      'whose connection was refused goes elsewhere though its body is streamed, for none of it has gone out',
      { end: 'unsent', isReplayable: false },
      { kind: 'free' },
    ],
    [
      'whose connection was refused goes elsewhere however often',
      { end: 'unsent', attempts: 9 },
      { kind: 'free' },
    ],
    ['that a sidecar could not hand to its model goes elsewhere', { end: 'unreached' }, { kind: 'free' }],
    [
      'that a sidecar could not hand to its model is lost where its body has been streamed',
      { end: 'unreached', isReplayable: false },
      { kind: 'no' },
    ],
    ['that met a full queue tries another pod', { end: 'full' }, { kind: 'paid', afterMs: 0 }],
    [
      'that met a full queue does not ask the same pod again',
      { end: 'full', hasOther: false },
      { kind: 'no' },
    ],
    ['on a stale connection is sent again', { end: 'stale' }, { kind: 'paid', afterMs: 0 }],
    [
      'on a stale connection is sent again to the only pod',
      { end: 'stale', hasOther: false },
      { kind: 'paid', afterMs: 0 },
    ],
    ['on a stale connection is sent three times at most', { end: 'stale', attempts: 2 }, { kind: 'no' }],
    [
      'on a stale connection is not sent again once its body has been streamed',
      { end: 'stale', isReplayable: false },
      { kind: 'no' },
    ],
    ['that a model failed is not sent again', { end: 'server-error' }, { kind: 'no' }],
    ['whose connection was lost is not sent again', { end: 'lost' }, { kind: 'no' }],
    ['that may be carried out twice is sent again after an error', { rules: idempotent }, soon],
    ['that may be carried out twice is sent again after a loss', { end: 'lost', rules: idempotent }, soon],
    [
      'that may be carried out twice is sent again to the only pod',
      { hasOther: false, rules: idempotent },
      soon,
    ],
    [
      'that may be carried out twice waits longer the second time',
      { attempts: 1, rules: idempotent },
      { kind: 'paid', afterMs: 25 },
    ],
    [
      'that may be carried out twice is not where its body has been streamed',
      { isReplayable: false, rules: idempotent },
      { kind: 'no' },
    ],
    [
      'waits as long as the answer asks for, and a little more',
      { retryAfterMs: 2_000, random: 0.5, rules: idempotent },
      { kind: 'paid', afterMs: 2_018.75 },
    ],
    [
      'is not sent again where the answer asks for more time than there is',
      { retryAfterMs: 59_000, rules: idempotent },
      { kind: 'no' },
    ],
    ['is not sent again after a minute', { elapsedMs: 60_000, rules: idempotent }, { kind: 'no' }],
    [
      'that was answered, or that may be at work, is not sent again',
      { end: 'other', rules: idempotent },
      { kind: 'no' },
    ],
    [
      'is not sent again where that is off',
      { end: 'stale', rules: { attempts: 0, serverErrors: true } },
      { kind: 'no' },
    ],
  ])('%s', (_name, input, plan) => {
    expect(planRetry({ ...usual, ...input })).toEqual(plan);
  });
});
