/** Owns how a refusal of the Kubernetes API is told: the error type, its stable codes, and the questions callers ask. */
import { AppError } from '../platform/errors.ts';

/** The `details` of a Kubernetes Status object. */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly {
    readonly reason?: string;
    readonly message?: string;
    readonly field?: string;
  }[];
  readonly retryAfterSeconds?: number;
}

/** The part of a Kubernetes Status object (or of any answer that is not 2xx) that an error is made from. */
export interface Refusal {
  /** What was asked, for the message: `GET /api/v1/pods`. */
  readonly request: string;
  readonly status: number;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
  readonly details?: StatusDetails | undefined;
  readonly retryAfterMs?: number | undefined;
}

const codesByReason: Readonly<Record<string, string>> = {
  AlreadyExists: 'KUBE_ALREADY_EXISTS',
  Expired: 'KUBE_GONE',
};

const codesByStatus: Readonly<Record<number, string>> = {
  400: 'KUBE_BAD_REQUEST',
  401: 'KUBE_UNAUTHORIZED',
  403: 'KUBE_FORBIDDEN',
  404: 'KUBE_NOT_FOUND',
  409: 'KUBE_CONFLICT',
  410: 'KUBE_GONE',
  415: 'KUBE_UNSUPPORTED_MEDIA_TYPE',
  422: 'KUBE_INVALID',
  429: 'KUBE_TOO_MANY_REQUESTS',
};

const remedies: Readonly<Record<number, string>> = {
  401: '; check the token or client certificate of the kubeconfig or ServiceAccount',
  403: '; grant the verb to the user or ServiceAccount with a Role or ClusterRole',
};

const retryableStatuses: ReadonlySet<number> = new Set([408, 409, 410, 429]);

/** The Kubernetes API answered, and the answer was no. */
export class ApiError extends AppError {
  /** The HTTP status, or the `code` of an ERROR event of a watch. */
  readonly status: number;
  /** The reason of the Kubernetes Status (`NotFound`, `Conflict` …); empty where the answer carried none. */
  readonly reason: string;
  readonly details: StatusDetails | undefined;
  /** How long the server asked to wait before the next attempt. */
  readonly retryAfterMs: number | undefined;

  constructor(refusal: Refusal) {
    const { status, reason = '', message = '' } = refusal;
    const told = [reason, message].filter((part) => part !== '').join(': ');
    super(
      codesByReason[reason] ??
        codesByStatus[status] ??
        (status >= 500 ? 'KUBE_SERVER_ERROR' : 'KUBE_API_ERROR'),
      `${refusal.request} was answered ${status}${told === '' ? '' : ` ${told}`}${remedies[status] ?? ''}`,
      { retryable: reason !== 'AlreadyExists' && (status >= 500 || retryableStatuses.has(status)) },
    );
    this.status = status;
    this.reason = reason;
    this.details = refusal.details;
    this.retryAfterMs = refusal.retryAfterMs;
  }
}

/**
 * Returns the error for an answer that is not 2xx. `body` is what the server sent: a Status object as JSON, or
 * anything else (a proxy's page), of which the first 200 characters are kept.
 */
export function parseRefusal(answer: {
  readonly request: string;
  readonly status: number;
  readonly body: string;
  readonly retryAfter?: string | undefined;
  readonly now: number;
}): ApiError {
  const { request, status, body } = answer;
  const told = parseStatus(body);
  const retryAfterSeconds = told?.details?.retryAfterSeconds;
  const fallbackMs = retryAfterSeconds === undefined ? undefined : retryAfterSeconds * 1000;
  return new ApiError({
    request,
    status,
    reason: told?.reason,
    message: told === undefined ? body.slice(0, 200) : told.message,
    details: told?.details,
    retryAfterMs: parseRetryAfter(answer.retryAfter, answer.now) ?? fallbackMs,
  });
}

/** Returns the error that the `object` of a watch's ERROR event tells. */
export function errorOfWatchEvent(request: string, object: unknown): ApiError {
  const told: Partial<StatusBody> = isRecord(object) ? object : {};
  const isExpired = told.reason === 'Expired' || told.reason === 'Gone';
  const status = isExpired ? 410 : (told.code ?? 500);
  return new ApiError({ request, status, reason: told.reason, message: told.message, details: told.details });
}

interface StatusBody {
  readonly reason?: string;
  readonly message?: string;
  readonly details?: StatusDetails;
  readonly code?: number;
}

function parseStatus(body: string): StatusBody | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    return isRecord(parsed) && parsed['kind'] === 'Status' ? parsed : undefined;
  } catch {
    // Not JSON, so not a Status: the caller tells the text itself.
    return undefined;
  }
}

/** Returns the milliseconds of a Retry-After header (RFC 9110 §10.2.3: seconds or an HTTP date). */
function parseRetryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const hasStatus = (error: unknown, status: number): error is ApiError =>
  error instanceof ApiError && error.status === status;

/** The object, its kind or its namespace does not exist. */
export const isNotFound = (error: unknown): error is ApiError => hasStatus(error, 404);
/** A create met an object of the same name. */
export const isAlreadyExists = (error: unknown): error is ApiError =>
  hasStatus(error, 409) && error.reason === 'AlreadyExists';
/** A precondition failed: resourceVersion, uid, or another field manager owns the field. */
export const isConflict = (error: unknown): error is ApiError =>
  hasStatus(error, 409) && error.reason !== 'AlreadyExists';
/** The resourceVersion or continue token is older than what the server remembers. */
export const isGone = (error: unknown): error is ApiError => hasStatus(error, 410);
/** The object is refused by its schema, or a `test` operation of a JSON patch failed. */
export const isInvalid = (error: unknown): error is ApiError => hasStatus(error, 422);
export const isForbidden = (error: unknown): error is ApiError => hasStatus(error, 403);
export const isTooManyRequests = (error: unknown): error is ApiError => hasStatus(error, 429);
