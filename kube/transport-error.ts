/** Owns what a failed exchange with the API server is called: unreachable, too slow, given up, or not understood. */
import { AppError, messageOf, systemCodeOf } from '../platform/errors.ts';
import { ApiError } from './api-error.ts';
import type { Deadline } from './deadline.ts';

interface Asked {
  readonly method: string;
  readonly path: string;
}

const connectionFailures: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Returns whether a connection could not be made or broke, so that asking again on a new one makes sense. */
export function isConnectionFailure(error: unknown): boolean {
  const code = systemCodeOf(error);
  return code !== undefined && connectionFailures.has(code);
}

/** Returns the error for an exchange that brought no answer. */
export function connectionError(asked: Asked, origin: string, deadline: Deadline, cause: unknown): AppError {
  const request = `${asked.method} ${asked.path}`;
  if (deadline.expired()) {
    return new AppError(
      'KUBE_TIMEOUT',
      `${request} got no answer from the Kubernetes API at ${origin} within ${deadline.timeoutMs} ms; it is overloaded or the connection is dead`,
      { retryable: true, cause },
    );
  }
  if (deadline.signal.aborted) {
    return new AppError('KUBE_ABORTED', `${request} was given up by its caller`, { cause });
  }
  return new AppError(
    'KUBE_UNREACHABLE',
    `${request} did not reach the Kubernetes API at ${origin}: ${messageOf(cause)}; check that it runs, the address and the CA of the kubeconfig`,
    { retryable: true, cause },
  );
}

/** Returns the error for a 2xx answer that is not JSON: something in between answered, or it was cut. */
export function malformedAnswer(asked: Asked, cause: unknown): AppError {
  return new AppError(
    'KUBE_MALFORMED_ANSWER',
    `${asked.method} ${asked.path} was answered with something that is not JSON; check that no proxy stands in between`,
    { retryable: true, cause },
  );
}

/** Returns the metric label of a failed exchange: `4xx` classes told apart by status, else the error's code. */
export function answerLabelOf(error: unknown): string {
  if (error instanceof ApiError) return String(error.status);
  return error instanceof AppError ? error.code : 'other';
}
