/** Owns the decision when a config version that is being brought up has failed for good. Pure. */
import { entityReasons } from '../../crds/schema/reasons.ts';
import type { EntityReason } from '../../crds/schema/reasons.ts';
import type { Deadlines, Patience } from '../config/deadlines.ts';
import type { Explanation } from './explanation.ts';

/**
 * How long each failure has to last before it counts as definite. `atOnce`: waiting cannot help. `untilDeadline`: it
 * heals without anybody changing the endpoint (a node is added), or is no failure, so only the deadlines end it.
 */
export const patienceOf: Readonly<Record<EntityReason, keyof Patience | 'atOnce' | 'untilDeadline'>> = {
  ModelNotFound: 'atOnce',
  StorageFull: 'atOnce',
  RuntimeUnsuitable: 'atOnce',
  TemplateRefused: 'atOnce',
  NoRuntimeForFormat: 'atOnce',
  WorkloadTypeUnknown: 'atOnce',
  NotYetSupported: 'atOnce',
  DeadlineExceeded: 'atOnce',
  ModelAccessDenied: 'fetch',
  ModelFetchFailed: 'fetch',
  ImagePullFailed: 'imagePull',
  PodConfigInvalid: 'podConfig',
  ModelLoadFailed: 'crash',
  CrashLoop: 'crash',
  ProbeFailed: 'crash',
  SidecarFailed: 'crash',
  OutOfMemory: 'crash',
  NotOwned: 'refusal',
  QuotaExceeded: 'refusal',
  LimitRangeViolated: 'refusal',
  PodRefused: 'refusal',
  ObjectRefused: 'refusal',
  Unschedulable: 'untilDeadline',
  WaitingForCleanup: 'untilDeadline',
  Serving: 'untilDeadline',
  ScaledToZero: 'untilDeadline',
  Waking: 'untilDeadline',
  Suspended: 'untilDeadline',
  Starting: 'untilDeadline',
  Retrying: 'untilDeadline',
  FetchingModel: 'untilDeadline',
  LoadingModel: 'untilDeadline',
};

/** An entity of the version that is not ready. */
export interface Shortfall extends Explanation {
  readonly entity: string;
  readonly reason: EntityReason;
  /** Since when it has failed, in milliseconds since the epoch; undefined: it has not. */
  readonly failedSince: number | undefined;
}

export interface GivingUpInput {
  readonly shortfalls: readonly Shortfall[];
  /** Since when the version has been worked on, in milliseconds since the epoch: nothing counts from before. */
  readonly pendingSince: number;
  readonly deadlines: Deadlines;
  readonly now: number;
}

export interface GivingUp {
  /** Why it is given up now; undefined: it is not. */
  readonly cause: Explanation | undefined;
  /** When it will be unless something changes. */
  readonly dueInMs: number | undefined;
}

/** Returns whether a version is given up, and why; otherwise, when that is due. */
export function judgeGivingUp(input: GivingUpInput): GivingUp {
  const { shortfalls, now } = input;
  if (shortfalls.length === 0) return { cause: undefined, dueInMs: undefined };
  const overdueInMs = input.pendingSince + input.deadlines.update - now;
  if (overdueInMs <= 0) return { cause: overdue(input), dueInMs: undefined };
  const waits = shortfalls.map((shortfall) => ({ shortfall, inMs: definiteInMs(shortfall, input) }));
  const definite = waits.find(({ inMs }) => inMs <= 0);
  if (definite !== undefined) return { cause: tell(definite.shortfall), dueInMs: undefined };
  return { cause: undefined, dueInMs: Math.min(overdueInMs, ...waits.map(({ inMs }) => inMs)) };
}

function definiteInMs(
  { reason, failedSince }: Shortfall,
  { pendingSince, deadlines, now }: Omit<GivingUpInput, 'shortfalls'>,
): number {
  const patience = patienceOf[reason];
  if (failedSince === undefined || patience === 'untilDeadline') return Infinity;
  if (patience === 'atOnce') return 0;
  return Math.max(failedSince, pendingSince) + deadlines.patience[patience] - now;
}

function overdue({ shortfalls, deadlines }: GivingUpInput): Explanation {
  const minutes = Math.round(deadlines.update / 60_000);
  const waiting = shortfalls.map((shortfall) => tell(shortfall).message).join('; ');
  return {
    reason: entityReasons.deadlineExceeded,
    message: `not ready within ${minutes} minutes: ${waiting}`,
  };
}

const tell = ({ entity, reason, message }: Shortfall): Explanation => ({
  reason,
  message: `${entity}: ${message}`,
});
