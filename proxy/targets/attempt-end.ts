/** Owns how attempts to get an answer end: what answers and failures say about whether a model has seen the request. */
import type { AttemptEnd } from '../../core/routing/plan-retry.ts';
import { parseRetryAfter } from '../../core/routing/retry-after.ts';
import { droppedReasonHeader, refusals } from '../errors.ts';
import { headerOf } from '../http1/header-of.ts';
import type { ResponseHead } from '../http1/response-head.ts';
import type { UpstreamFailure } from '../upstream/upstream-request.ts';

const serverErrors = new Set([500, 502, 503, 504]);

/** Returns how an attempt ended that was answered. The sidecar lets no model speak in its name. */
export function endOfAnswer({ status, headers }: Pick<ResponseHead, 'status' | 'headers'>): AttemptEnd {
  const reason = headerOf(headers, droppedReasonHeader);
  if (status === 503 && reason === refusals.unreachable.reason) return 'unreached';
  if (status === 429 && reason === refusals.queueFull.reason) return 'full';
  return serverErrors.has(status) ? 'server-error' : 'other';
}

/** Returns how an attempt ended that was not answered. */
export function endOfFailure({ kind, error }: UpstreamFailure): AttemptEnd {
  if (kind !== 'lost') return kind;
  return error.code === 'UPSTREAM_CLOSED' ? 'lost' : 'other';
}

/** Returns the pause that an answer asks for, in milliseconds. `nowMs` is since the epoch. */
export const retryAfterOf = ({ headers }: Pick<ResponseHead, 'headers'>, nowMs: number): number | undefined =>
  parseRetryAfter(
    {
      milliseconds: headerOf(headers, 'retry-after-ms'),
      microsoftMilliseconds: headerOf(headers, 'x-ms-retry-after-ms'),
      standard: headerOf(headers, 'retry-after'),
    },
    nowMs,
  );
