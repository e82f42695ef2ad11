import { describe, expect, it } from 'vitest';
import type { AttemptEnd } from '../../core/routing/plan-retry.ts';
import { AppError } from '../../platform/errors.ts';
import { refusalHeaders, refusals } from '../errors.ts';
import type { Refusal } from '../errors.ts';
import { endOfAnswer, endOfFailure, retryAfterOf } from './attempt-end.ts';

const bySidecar = (refused: Refusal): { status: number; headers: string[] } => ({
  status: refused.status,
  headers: refusalHeaders(refused, 2),
});
const byModel = (status: number): { status: number; headers: string[] } => ({
  status,
  headers: ['content-type', 'application/json'],
});

describe('an attempt that was answered', () => {
  it.each<[string, { status: number; headers: string[] }, AttemptEnd]>([
    ['by a sidecar without a model never reached one', bySidecar(refusals.unreachable), 'unreached'],
    ['by a sidecar with a full queue met a full queue', bySidecar(refusals.queueFull), 'full'],
    ['by a sidecar whose queue was too slow has waited already', bySidecar(refusals.queueTimeout), 'other'],
    ['by a sidecar whose model broke is an error of it', bySidecar(refusals.upstreamBroke), 'server-error'],
    ['by a sidecar whose model is silent is an error of it', bySidecar(refusals.deadline), 'server-error'],
    ['with 500 by a model is an error of it', byModel(500), 'server-error'],
    ['with 502 by a model is an error of it', byModel(502), 'server-error'],
    ['with 503 by a model is an error of it', byModel(503), 'server-error'],
    ['with 504 by a model is an error of it', byModel(504), 'server-error'],
    ['with 501 by a model says the same each time', byModel(501), 'other'],
    ['with 429 by a model is its word to the caller', byModel(429), 'other'],
    ['with 400 is no failure', byModel(400), 'other'],
    ['with 200 is none either', byModel(200), 'other'],
  ])('%s', (_name, answer, end) => {
    expect(endOfAnswer(answer)).toBe(end);
  });

  it('may say when to come again', () => {
    const answer = { headers: ['Retry-After-Ms', '20', 'Retry-After', '1'] };
    expect(retryAfterOf(answer, 0)).toBe(20);
    expect(retryAfterOf({ headers: [] }, 0)).toBeUndefined();
  });
});

describe('an attempt that was not answered', () => {
  it.each<[string, string, 'unsent' | 'stale' | 'lost', AttemptEnd]>([
    ['because nothing was sent', 'UPSTREAM_UNREACHABLE', 'unsent', 'unsent'],
    ['on a connection that was closing', 'UPSTREAM_CLOSED', 'stale', 'stale'],
    ['because the connection broke', 'UPSTREAM_CLOSED', 'lost', 'lost'],
    ['in time, perhaps to be still', 'UPSTREAM_TIMEOUT', 'lost', 'other'],
    ['in words that make sense', 'UPSTREAM_MALFORMED', 'lost', 'other'],
  ])('%s', (_name, code, kind, end) => {
    expect(endOfFailure({ error: new AppError(code, 'test'), kind })).toBe(end);
  });
});
