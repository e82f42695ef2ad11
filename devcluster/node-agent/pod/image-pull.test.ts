import { describe, expect, it } from 'vitest';
import { defaultBackOff as limits } from './back-off.ts';
import type { FailedPull } from './image-pull.ts';
import { refusePull } from './image-pull.ts';

const now = 1_000_000;
const container = { image: 'nope:1' };
const before: FailedPull = { error: 'not found', delayMs: 10_000, until: now + 4_000 };

describe('an image that is not there', () => {
  it('is an error at first, and looked at again soon', () => {
    expect(refusePull(container, 'not found', undefined, { now, limits })).toEqual({
      reason: 'ErrImagePull',
      message: 'not found',
      events: [
        { type: 'Normal', reason: 'Pulling', message: 'Pulling image "nope:1"' },
        { type: 'Warning', reason: 'Failed', message: 'Failed to pull image "nope:1": not found' },
        { type: 'Warning', reason: 'Failed', message: 'Error: ErrImagePull' },
      ],
      pull: { error: 'not found', delayMs: 10_000, until: now + 10_000 },
      retryAt: now + 1_000,
    });
  });

  it('is waited for until the delay is over, with the error in the message', () => {
    expect(refusePull(container, 'not found', before, { now, limits })).toEqual({
      reason: 'ImagePullBackOff',
      message: 'Back-off pulling image "nope:1": ErrImagePull: not found',
      events: [
        { type: 'Normal', reason: 'BackOff', message: 'Back-off pulling image "nope:1"' },
        { type: 'Warning', reason: 'Failed', message: 'Error: ImagePullBackOff' },
      ],
      pull: before,
      retryAt: before.until,
    });
  });

  it.each([
    ['is pulled again after the delay, which doubles', 10_000, 20_000],
    ['is pulled every five minutes in the end', 300_000, 300_000],
  ])('%s', (_name, delayMs, expected) => {
    const outcome = refusePull(container, 'gone', { ...before, delayMs, until: now }, { now, limits });
    expect(outcome).toMatchObject({ reason: 'ErrImagePull', pull: { error: 'gone', delayMs: expected } });
  });

  it('is not pulled where the policy says never', () => {
    const never = { ...container, imagePullPolicy: 'Never' };
    expect(refusePull(never, 'not found', undefined, { now, limits })).toMatchObject({
      reason: 'ErrImageNeverPull',
      message: 'Container image "nope:1" is not present with pull policy of Never',
      retryAt: now + 10_000,
    });
  });
});
