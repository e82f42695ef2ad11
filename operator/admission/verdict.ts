/** Owns the verdict on a write: allowed, perhaps with a change to it, or refused with a reason for programs and for people. */

export interface Refusal {
  readonly allowed: false;
  /** HTTP status of the answer that the writer gets. */
  readonly code: 403 | 422 | 429 | 503;
  /** Kubernetes' reason of that status. */
  readonly reason: 'Forbidden' | 'Invalid' | 'TooManyRequests' | 'ServiceUnavailable';
  /** The field, what is wrong with it, and the remedy. */
  readonly message: string;
  /** Path of the field that is at fault. */
  readonly field?: string;
}

export interface Allowance {
  readonly allowed: true;
  /** A JSON patch (RFC 6902). */
  readonly patch?: readonly object[];
}

export type Verdict = Allowance | Refusal;

export const allowed: Allowance = { allowed: true };

const reasons = {
  403: 'Forbidden',
  422: 'Invalid',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable',
} as const;

/** Returns a refusal; `field` begins the message. */
export const refusal = (code: Refusal['code'], message: string, field?: string): Refusal => ({
  allowed: false,
  code,
  reason: reasons[code],
  message: field === undefined ? message : `${field}: ${message}`,
  ...(field === undefined ? {} : { field }),
});
