/** Owns the failures of the API: each is a Kubernetes `Status`, worded as Kubernetes words it. */
import { AppError } from '../../../platform/errors.ts';

export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  readonly field?: string;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** Names a resource in messages: `deployments.apps`, or `pods` in the core group. */
export interface ResourceName {
  readonly group: string;
  readonly plural: string;
}

/** A refused call: `httpStatus` and `reason` are those of the `Status` object that a client over HTTP receives. */
export class ApiError extends AppError {
  readonly httpStatus: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;

  constructor(httpStatus: number, reason: string, message: string, details?: StatusDetails) {
    super(`API_${reason.replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`, message, {
      retryable: httpStatus === 409 || httpStatus === 429 || httpStatus >= 500,
    });
    this.httpStatus = httpStatus;
    this.reason = reason;
    this.details = details;
  }
}

export const qualifiedName = (resource: ResourceName): string =>
  resource.group === '' ? resource.plural : `${resource.plural}.${resource.group}`;

export function notFound(resource: ResourceName, name: string): ApiError {
  const details = { name, group: resource.group, kind: resource.plural };
  return new ApiError(404, 'NotFound', `${qualifiedName(resource)} "${name}" not found`, details);
}

export function alreadyExists(resource: ResourceName, name: string): ApiError {
  const details = { name, group: resource.group, kind: resource.plural };
  return new ApiError(409, 'AlreadyExists', `${qualifiedName(resource)} "${name}" already exists`, details);
}

export function conflict(resource: ResourceName, name: string, why: string): ApiError {
  const message = `Operation cannot be fulfilled on ${qualifiedName(resource)} "${name}": ${why}`;
  return new ApiError(409, 'Conflict', message, { name, group: resource.group, kind: resource.plural });
}

export const modifiedMessage =
  'the object has been modified; please apply your changes to the latest version and try again';

export const badRequest = (message: string): ApiError => new ApiError(400, 'BadRequest', message);

export const unauthorized = (): ApiError => new ApiError(401, 'Unauthorized', 'Unauthorized');

export const methodNotAllowed = (message: string): ApiError => new ApiError(405, 'MethodNotAllowed', message);

export const expired = (message: string): ApiError => new ApiError(410, 'Expired', message);

export const notImplemented = (message: string): ApiError => new ApiError(501, 'NotImplemented', message);

export const serviceUnavailable = (message: string): ApiError =>
  new ApiError(503, 'ServiceUnavailable', message);

/** The 404 of a path that names no resource, as kubectl expects it to tell "no such kind" from "no such object". */
export const noSuchResource = (): ApiError =>
  new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});

/** Returns the 422 that lists every violation with its field. */
export function invalid(
  kind: { readonly group: string; readonly kind: string },
  name: string,
  causes: readonly StatusCause[],
): ApiError {
  const texts = causes.map((cause) =>
    cause.field === undefined || cause.field === '' ? cause.message : `${cause.field}: ${cause.message}`,
  );
  const what = kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`;
  const problems = texts.length === 1 ? (texts[0] ?? '') : `[${texts.join(', ')}]`;
  const message = `${what} "${name}" is invalid: ${problems}`;
  return new ApiError(422, 'Invalid', message, { name, group: kind.group, kind: kind.kind, causes });
}

/** Returns the `Status` body of any thrown value; what is not an ApiError is an internal error. */
export function statusOf(thrown: unknown): { readonly code: number; readonly body: object } {
  const error =
    thrown instanceof ApiError
      ? thrown
      : new ApiError(
          500,
          'InternalError',
          `Internal error occurred: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
        );
  const body = {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: error.message,
    reason: error.reason,
    ...(error.details === undefined ? {} : { details: error.details }),
    code: error.httpStatus,
  };
  return { code: error.httpStatus, body };
}
