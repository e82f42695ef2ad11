/** Owns what it looks like when a container's image cannot be had: kubelet's states, words and delays. Pure. */
import type { EventType } from '../../controllers/objects/events.ts';
import type { Container } from '../../controllers/objects/kinds.ts';
import type { BackOffLimits } from './back-off.ts';

/** The last attempt to pull an image, which failed. */
export interface FailedPull {
  readonly error: string;
  readonly delayMs: number;
  /** No attempt before this time, in milliseconds since the epoch. */
  readonly until: number;
}

export interface PullOutcome {
  readonly reason: 'ErrImagePull' | 'ImagePullBackOff' | 'ErrImageNeverPull';
  readonly message: string;
  readonly events: readonly {
    readonly type: EventType;
    readonly reason: string;
    readonly message: string;
  }[];
  readonly pull: FailedPull;
  /** When to look again. */
  readonly retryAt: number;
}

/** From a failed pull until the container is told to wait: kubelet's next look at the pod. */
const nextLookMs = 1_000;

/**
 * Returns the outcome of an attempt at `now` to start a container whose image is not there, because of `error`;
 * `before` is the attempt before.
 */
export function refusePull(
  container: Pick<Container, 'image' | 'imagePullPolicy'>,
  error: string,
  before: FailedPull | undefined,
  { now, limits }: { readonly now: number; readonly limits: BackOffLimits },
): PullOutcome {
  const image = JSON.stringify(container.image ?? '');
  const next = {
    error,
    delayMs: before === undefined ? limits.initialMs : Math.min(before.delayMs * 2, limits.longestMs),
  };
  if (container.imagePullPolicy === 'Never') {
    const reason = 'ErrImageNeverPull';
    const message = `Container image ${image} is not present with pull policy of Never`;
    const events = [warning(reason, message), warning('Failed', `Error: ${reason}`)];
    const retryAt = now + limits.initialMs;
    return { reason, message, events, pull: { ...next, until: retryAt }, retryAt };
  }
  if (before !== undefined && now < before.until) {
    const reason = 'ImagePullBackOff';
    const backOff = `Back-off pulling image ${image}`;
    return {
      reason,
      message: `${backOff}: ErrImagePull: ${before.error}`,
      events: [
        { type: 'Normal', reason: 'BackOff', message: backOff },
        warning('Failed', `Error: ${reason}`),
      ],
      pull: before,
      retryAt: before.until,
    };
  }
  const reason = 'ErrImagePull';
  return {
    reason,
    message: error,
    events: [
      { type: 'Normal', reason: 'Pulling', message: `Pulling image ${image}` },
      warning('Failed', `Failed to pull image ${image}: ${error}`),
      warning('Failed', `Error: ${reason}`),
    ],
    pull: { ...next, until: now + next.delayMs },
    retryAt: now + Math.min(nextLookMs, next.delayMs),
  };
}

const warning = (reason: string, message: string) => ({ type: 'Warning', reason, message }) as const;
