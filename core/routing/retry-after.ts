/** Owns the pause that an answer asks for before the next attempt, in the spellings that servers use. */

/** Values of the headers `retry-after-ms`, `x-ms-retry-after-ms` and `retry-after`; undefined: not there. */
export interface RetryAfterHeaders {
  readonly milliseconds: string | undefined;
  readonly microsoftMilliseconds: string | undefined;
  /** Seconds, or a date (RFC 9110 §10.2.3). */
  readonly standard: string | undefined;
}

/** Returns the pause in milliseconds; undefined where none is asked for, or in words that nobody understands. */
export function parseRetryAfter(headers: RetryAfterHeaders, nowMs: number): number | undefined {
  const { milliseconds, microsoftMilliseconds, standard } = headers;
  return (
    numberOf(milliseconds) ??
    numberOf(microsoftMilliseconds) ??
    secondsOf(standard) ??
    untilDate(standard, nowMs)
  );
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[0-9]{1,9}(\.[0-9]+)?$/.test(text) ? Number(text) : undefined;
}

function secondsOf(text: string | undefined): number | undefined {
  const seconds = numberOf(text);
  return seconds === undefined ? undefined : seconds * 1_000;
}

function untilDate(text: string | undefined, nowMs: number): number | undefined {
  const date = text === undefined ? NaN : Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}
