/** Owns the proof that refusals become errors with the right code, retryability and wait. */
import { describe, expect, it } from 'vitest';
import {
  ApiError,
  errorOfWatchEvent,
  isAlreadyExists,
  isConflict,
  isForbidden,
  isGone,
  isInvalid,
  isNotFound,
  isTooManyRequests,
  parseRefusal,
} from './api-error.ts';

const request = 'GET /api/v1/pods';
const statusBody = (reason: string, details?: object): string =>
  JSON.stringify({ kind: 'Status', reason, message: 'in words', details });

describe('parseRefusal', () => {
  it.each([
    ['400 is a bad request', 400, 'BadRequest', 'KUBE_BAD_REQUEST', false],
    [
      '401 is not retryable: somebody must give us other credentials',
      401,
      'Unauthorized',
      'KUBE_UNAUTHORIZED',
      false,
    ],
    ['403 is not retryable', 403, 'Forbidden', 'KUBE_FORBIDDEN', false],
    ['404 is not retryable', 404, 'NotFound', 'KUBE_NOT_FOUND', false],
    ['409 is retryable after a conflict', 409, 'Conflict', 'KUBE_CONFLICT', true],
    ['409 is not retryable when the object exists', 409, 'AlreadyExists', 'KUBE_ALREADY_EXISTS', false],
    ['410 asks for a new list', 410, 'Expired', 'KUBE_GONE', true],
    ['415 names the media type', 415, 'UnsupportedMediaType', 'KUBE_UNSUPPORTED_MEDIA_TYPE', false],
    ['422 is invalid', 422, 'Invalid', 'KUBE_INVALID', false],
    ['429 is retryable', 429, 'TooManyRequests', 'KUBE_TOO_MANY_REQUESTS', true],
    ['500 is retryable', 500, 'InternalError', 'KUBE_SERVER_ERROR', true],
    ['503 is retryable', 503, 'ServiceUnavailable', 'KUBE_SERVER_ERROR', true],
    ['an answer nobody expects has a code too', 302, '', 'KUBE_API_ERROR', false],
  ])('%s', (_row, status, reason, code, retryable) => {
    const error = parseRefusal({ request, status, body: statusBody(reason), now: 0 });
    expect(error).toMatchObject({ code, retryable, status, reason });
    expect(error.message).toContain(request);
    expect(error.message).toContain('in words');
  });

  it.each([
    ['seconds in the header', '7', undefined, 7_000],
    ['a date in the header', 'Thu, 01 Jan 1970 00:00:12 GMT', undefined, 2_000],
    ['a date in the past', 'Thu, 01 Jan 1970 00:00:01 GMT', undefined, 0],
    ['nonsense in the header', 'soon', undefined, undefined],
    ['seconds in the body', undefined, 3, 3_000],
    ['the header before the body', '1', 3, 1_000],
  ])('takes the wait from %s', (_row, retryAfter, retryAfterSeconds, expected) => {
    const body = statusBody('TooManyRequests', retryAfterSeconds === undefined ? {} : { retryAfterSeconds });
    expect(parseRefusal({ request, status: 429, body, retryAfter, now: 10_000 }).retryAfterMs).toBe(expected);
  });

  it('tells the beginning of a body that is not a Status', () => {
    const error = parseRefusal({ request, status: 502, body: `<html>${'x'.repeat(1_000)}`, now: 0 });
    expect(error.message).toContain('<html>');
    expect(error.message.length).toBeLessThan(300);
  });

  it('keeps the causes that name the fields', () => {
    const details = { causes: [{ field: 'spec.traffic', message: 'must sum to 100' }] };
    const error = parseRefusal({ request, status: 422, body: statusBody('Invalid', details), now: 0 });
    expect(error.details?.causes?.[0]?.field).toBe('spec.traffic');
  });
});

describe('errorOfWatchEvent', () => {
  it.each([
    ['code 410', { code: 410, reason: 'Gone' }, 410],
    ['reason Expired without a code', { reason: 'Expired' }, 410],
    ['another code', { code: 403, reason: 'Forbidden' }, 403],
    ['nothing of use', undefined, 500],
  ])('reads %s', (_row, object, status) => {
    expect(errorOfWatchEvent('GET /x', object).status).toBe(status);
  });
});

describe('questions', () => {
  const error = (status: number, reason = ''): ApiError => new ApiError({ request, status, reason });
  it.each([
    ['isNotFound', isNotFound, error(404)],
    ['isConflict', isConflict, error(409, 'Conflict')],
    ['isAlreadyExists', isAlreadyExists, error(409, 'AlreadyExists')],
    ['isGone', isGone, error(410)],
    ['isInvalid', isInvalid, error(422)],
    ['isForbidden', isForbidden, error(403)],
    ['isTooManyRequests', isTooManyRequests, error(429)],
  ])('%s knows its own and no other', (_row, question, own) => {
    expect(question(own)).toBe(true);
    expect(question(error(418))).toBe(false);
    expect(question(new Error('no'))).toBe(false);
  });

  it('tells a conflict from an object that exists', () => {
    expect(isConflict(error(409, 'AlreadyExists'))).toBe(false);
    expect(isAlreadyExists(error(409, 'Conflict'))).toBe(false);
  });
});
