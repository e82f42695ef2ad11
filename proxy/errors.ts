/** Owns every refusal that a proxy itself gives: status, code, words, and the reason that metrics count. */
import type { HoldOutcome } from '../core/holding/patience.ts';

/** An answer that the proxy gives in place of the model. */
export interface Refusal {
  readonly status: number;
  /** The code of the REST contract; SDKs choose their exception by it. */
  readonly errorCode: string;
  /** For the caller: what is wrong and the remedy; nothing about the inside of the system. */
  readonly message: string;
  /** Why, in one word: a metric label, and the header `x-fairlead-request-dropped-reason` of 429 and 5xx. */
  readonly reason: string;
  readonly retryAfterSeconds?: number;
  /** Further headers, as raw name/value pairs. */
  readonly headers?: readonly string[];
}

export const droppedReasonHeader = 'x-fairlead-request-dropped-reason';

const refusal = (
  status: number,
  errorCode: string,
  reason: string,
  message: string,
  more: Pick<Refusal, 'retryAfterSeconds' | 'headers'> = {},
): Refusal => ({ status, errorCode, reason, message, ...more });

const challenge = ['www-authenticate', 'Bearer realm="fairlead"'];

/** The catalogue; codes and statuses follow the error table of the REST contract. */
export const refusals = {
  unknownPath: refusal(
    404,
    'ENDPOINT_NOT_FOUND',
    'unknown_path',
    'There is nothing at this path. Endpoints are queried at /serving-endpoints/{name}/invocations.',
  ),
  methodNotAllowed: refusal(405, 'METHOD_NOT_ALLOWED', 'method', 'This path answers POST only.', {
    headers: ['allow', 'POST'],
  }),
  malformedRequest: (what: string) =>
    refusal(400, 'BAD_REQUEST', 'malformed', `The request is not valid HTTP/1.1: ${what}.`),
  headersTooLarge: refusal(
    431,
    'BAD_REQUEST',
    'headers_too_large',
    'The headers are too large, or too many. Send fewer or shorter ones.',
  ),
  targetTooLong: refusal(414, 'BAD_REQUEST', 'target_too_long', 'The path of the request is too long.'),
  unsupportedVersion: refusal(
    505,
    'BAD_REQUEST',
    'http_version',
    'This version of HTTP is not spoken here. Use HTTP/1.1 or HTTP/2.',
  ),
  unsupportedTransferCoding: refusal(
    501,
    'NOT_IMPLEMENTED',
    'transfer_coding',
    'Bodies are taken with a Content-Length, or with Transfer-Encoding chunked and nothing else.',
  ),
  expectationFailed: refusal(
    417,
    'BAD_REQUEST',
    'expectation',
    'The Expect header asks for something else than 100-continue.',
  ),
  requestTooSlow: refusal(
    408,
    'REQUEST_TIMEOUT',
    'request_too_slow',
    'The request did not arrive in time. Send it faster, or in smaller parts.',
  ),
  ambiguousTarget: refusal(
    400,
    'BAD_REQUEST',
    'ambiguous_target',
    'The host name and the path of the request name different endpoints or namespaces. Leave one of them out.',
  ),
  grpcWithoutHost: refusal(
    404,
    'ENDPOINT_NOT_FOUND',
    'grpc_without_host',
    'gRPC is asked at the host name of an endpoint, {endpoint}.{namespace}.{domain}, in :authority.',
  ),
  grpcUnsupported: refusal(
    501,
    'NOT_IMPLEMENTED',
    'grpc_unsupported',
    'The model server of this endpoint takes no gRPC. Use its HTTP protocol, or a runtime that names a grpcPort.',
  ),
  ambiguousRequest: refusal(
    400,
    'BAD_REQUEST',
    'ambiguous',
    'The Connection header names a header that the request cannot do without.',
  ),
  bodyTooLarge: (maxBytes: number) =>
    refusal(
      413,
      'MAX_REQUEST_SIZE_EXCEEDED',
      'body_too_large',
      `The request body is larger than the ${maxBytes} bytes that are allowed. Send fewer rows per request.`,
    ),
  noToken: refusal(
    401,
    'UNAUTHENTICATED',
    'no_token',
    'The request carries no access token. Send it as "Authorization: Bearer <token>".',
    { headers: challenge },
  ),
  invalidToken: refusal(
    403,
    'PERMISSION_DENIED',
    'invalid_token',
    'Invalid access token. Its time may be over, or it is of an issuer that is not known here: get another one.',
  ),
  noDataPlaneToken: refusal(
    401,
    'UNAUTHENTICATED',
    'no_token',
    'The request carries no token of the data plane. Get one from /oidc/v1/token of the gateway, and send it as "Authorization: Bearer <token>".',
    { headers: challenge },
  ),
  invalidDataPlaneToken: refusal(
    403,
    'PERMISSION_DENIED',
    'invalid_token',
    'This is no token for this endpoint, or its time is over. Get another one from /oidc/v1/token of the gateway.',
  ),
  identityUnavailable: refusal(
    503,
    'TEMPORARILY_UNAVAILABLE',
    'identity_unavailable',
    'Access tokens and permissions cannot be checked right now. Try again soon.',
    { retryAfterSeconds: 2 },
  ),
  forwarderUnknown: refusal(
    403,
    'PERMISSION_DENIED',
    'forwarder_unknown',
    'This port serves the gateway only. Send requests to the gateway.',
  ),
  notPermitted: (endpoint: string) =>
    refusal(
      403,
      'PERMISSION_DENIED',
      'not_permitted',
      `You are not permitted to query the endpoint "${endpoint}", or it does not exist. Ask its owner for the permission to query it.`,
    ),
  unknownEndpoint: (endpoint: string) =>
    refusal(404, 'RESOURCE_DOES_NOT_EXIST', 'unknown_endpoint', `The endpoint "${endpoint}" does not exist.`),
  unknownEntity: (entity: string) =>
    refusal(
      404,
      'RESOURCE_DOES_NOT_EXIST',
      'unknown_entity',
      `The endpoint serves no entity named "${entity}".`,
    ),
  stopped: refusal(400, 'BAD_REQUEST', 'stopped', 'The endpoint is stopped. Start it before querying it.'),
  disabled: refusal(
    403,
    'PERMISSION_DENIED',
    'disabled',
    'The endpoint is disabled due to a rate limit set to 0.',
  ),
  limitExceeded: (
    { unit, limit, scope }: { unit: 'calls' | 'tokens'; limit: number; scope: string },
    retryAfterSeconds: number,
  ) =>
    refusal(
      429,
      'REQUEST_LIMIT_EXCEEDED',
      unit === 'calls' ? 'rate_limit' : 'token_limit',
      `REQUEST_LIMIT_EXCEEDED: more than ${limit} ${unit} per minute (limit per ${scope}). Try again in ${retryAfterSeconds} s.`,
      { retryAfterSeconds },
    ),
  recordFull: refusal(
    503,
    'TEMPORARILY_UNAVAILABLE',
    'record_full',
    'The request cannot be logged right now, and the endpoint answers none that is not. Try again soon.',
    { retryAfterSeconds: 5 },
  ),
  queueFull: refusal(
    429,
    'RESOURCE_EXHAUSTED',
    'queue_full',
    'Too many concurrent requests. Consider increasing the provisioned concurrency of the served entity.',
    { retryAfterSeconds: 1 },
  ),
  queueTimeout: refusal(
    429,
    'RESOURCE_EXHAUSTED',
    'queue_timeout',
    'The request waited too long for its turn. Consider increasing the provisioned concurrency of the served entity.',
    { retryAfterSeconds: 1 },
  ),
  holdFull: (retryAfterSeconds: number) =>
    refusal(
      429,
      'RESOURCE_EXHAUSTED',
      'RejectedCapacity' satisfies HoldOutcome,
      `Too many requests wait for the endpoint. Try again in ${retryAfterSeconds} s.`,
      { retryAfterSeconds },
    ),
  holdTurnTimeout: (retryAfterSeconds: number) =>
    refusal(
      429,
      'RESOURCE_EXHAUSTED',
      'EvictedTTL' satisfies HoldOutcome,
      'The request waited too long for a replica that can take it. Consider increasing the provisioned concurrency of the served entity.',
      { retryAfterSeconds },
    ),
  holdTimeout: (retryAfterSeconds: number) =>
    refusal(
      503,
      'TEMPORARILY_UNAVAILABLE',
      'EvictedNoEndpoints' satisfies HoldOutcome,
      `No replica of the endpoint was ready in time. Look at its status for the cause, or try again in ${retryAfterSeconds} s.`,
      { retryAfterSeconds },
    ),
  notRouted: refusal(
    503,
    'TEMPORARILY_UNAVAILABLE',
    'RejectedNoEndpoints' satisfies HoldOutcome,
    'The endpoint has no active configuration yet, or is being started. Wait until it is ready; its status says what it waits for, or why it failed.',
    { retryAfterSeconds: 5 },
  ),
  entityFailed: (cause: string) =>
    refusal(
      503,
      'TEMPORARILY_UNAVAILABLE',
      'RejectedNoEndpoints' satisfies HoldOutcome,
      `The endpoint cannot answer: ${cause}. Look at its status for details.`,
    ),
  unsupportedEntity: refusal(
    501,
    'NOT_IMPLEMENTED',
    'unsupported_entity',
    'This version of Fairlead cannot query external and foundation models yet.',
  ),
  unreachable: refusal(
    503,
    'TEMPORARILY_UNAVAILABLE',
    'unreachable',
    'The model server cannot be reached right now. Try again soon.',
    { retryAfterSeconds: 1 },
  ),
  apiUnreachable: refusal(
    503,
    'TEMPORARILY_UNAVAILABLE',
    'api_unreachable',
    'This part of the API cannot be reached right now. Try again soon.',
    { retryAfterSeconds: 2 },
  ),
  upstreamBroke: refusal(
    502,
    'BAD_GATEWAY',
    'upstream_broke',
    'The model server ended the connection before its answer was whole.',
  ),
  deadline: refusal(504, 'DEADLINE_EXCEEDED', 'deadline', 'The model did not answer in time.'),
  shuttingDown: refusal(
    503,
    'TEMPORARILY_UNAVAILABLE',
    'shutting_down',
    'This proxy is shutting down, and the request took longer than it could wait. Send it again.',
    { retryAfterSeconds: 1 },
  ),
  internal: refusal(500, 'INTERNAL_ERROR', 'internal', 'The request failed inside the proxy.'),
} as const;

/** Returns the raw header pairs of a refusal whose body has `length` bytes. */
export function refusalHeaders(refused: Refusal, length: number): string[] {
  const headers = ['content-type', 'application/json', 'content-length', String(length)];
  if (refused.retryAfterSeconds !== undefined) headers.push('retry-after', String(refused.retryAfterSeconds));
  if (refused.status === 429 || refused.status >= 500) headers.push(droppedReasonHeader, refused.reason);
  if (refused.headers !== undefined) headers.push(...refused.headers);
  return headers;
}

/** Returns the body of a refusal. */
export function refusalBody(refused: Pick<Refusal, 'errorCode' | 'message'>): string {
  return JSON.stringify({ error_code: refused.errorCode, message: refused.message });
}
