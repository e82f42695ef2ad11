/** Owns the error shape that every room throws: a stable code, a message for people, and whether a retry can help. */

export interface AppErrorOptions {
  /** Whether the same call may succeed later without anybody changing anything. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
}

/**
 * An error whose `code` is part of the project's contract: it appears in logs, metrics and API bodies and never
 * changes its meaning. The message names what is wrong and the remedy.
 */
export class AppError extends Error {
  readonly code: string;
  readonly retryable: boolean;

  constructor(code: string, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

/** Returns the message of anything that was thrown, with the messages of its causes behind it, as far as it does not tell them. */
export function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const own = thrown.message === '' ? thrown.name : thrown.message;
  if (thrown.cause === undefined) return own;
  const cause = messageOf(thrown.cause);
  return own.includes(cause) ? own : `${own}: ${cause}`;
}

/** Returns the system error code (`ECONNREFUSED`, `ENOENT` …) of a thrown value or of its nearest cause that has one. */
export function systemCodeOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined;
  if (thrown instanceof AppError) return systemCodeOf(thrown.cause);
  const code = (thrown as NodeJS.ErrnoException).code;
  return typeof code === 'string' ? code : systemCodeOf(thrown.cause);
}
