/** Owns the making of conditions: which hold, why, and since when. */
import type { Condition } from '../../crds/schema/condition.ts';

/** A condition before it is known whether anything changed. */
export interface Claim {
  readonly type: string;
  readonly status: Condition['status'];
  readonly reason: string;
  readonly message: string;
}

export const claim = (type: string, status: Claim['status'], reason: string, message = ''): Claim => ({
  type,
  status,
  reason,
  message,
});

const longestMessage = 32_000;

/** Returns a message of the length that the schema allows: what others say (an admission webhook) has no end to rely on. */
export const fitted = (message: string): string => message.slice(0, longestMessage);

/** Returns the conditions; the time of a transition stays unless the status of the condition changes (KEP-1623). */
export function makeConditions(
  claims: readonly Claim[],
  previous: readonly Condition[],
  observed: { readonly generation: number; readonly now: number },
): Condition[] {
  return claims.map(({ type, status, reason, message }) => {
    const before = previous.find((condition) => condition.type === type);
    return {
      type,
      status,
      observedGeneration: observed.generation,
      lastTransitionTime: before?.status === status ? before.lastTransitionTime : formatTime(observed.now),
      reason,
      message: fitted(message),
    };
  });
}

/** Returns a time as Kubernetes writes it: RFC 3339 in whole seconds. */
export const formatTime = (milliseconds: number): string =>
  new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z');
