/** Owns the limits of a namespace: how many endpoints it may have, and how fast it may write them. */
import { isDeepStrictEqual } from 'node:util';
import type { OperatorConfig } from '../config/operator-config.ts';
import type { Write } from './review.ts';
import { allowed, refusal } from './verdict.ts';
import type { Verdict } from './verdict.ts';

export interface NamespaceUse {
  readonly endpoints: number;
  /** Creations and changes within the window. */
  readonly writes: number;
  /** Until there is room for another write. */
  readonly waitMs: number;
}

/** Returns the verdict on a write to a namespace that is used so much already. */
export function checkLimits(
  write: Pick<Write, 'object' | 'old' | 'namespace'>,
  use: NamespaceUse,
  limits: OperatorConfig['limits'],
): Verdict {
  const { object, old, namespace } = write;
  if (old !== undefined && isDeepStrictEqual(object.spec, old.spec)) return allowed;
  const where = `namespace "${namespace}"`;
  if (old === undefined && use.endpoints >= limits.endpointsPerNamespace) {
    const message = `${where} has ${use.endpoints} ServingEndpoints, and ${limits.endpointsPerNamespace} are the limit; delete some, use another namespace, or have limits.endpointsPerNamespace of the operator raised`;
    return refusal(403, message);
  }
  if (use.writes < limits.writesPerWindow) return allowed;
  const minutes = Math.round(limits.writeWindow / 6_000) / 10;
  const message = `${where} has had ${use.writes} creations and changes of ServingEndpoints in ${minutes} minutes, and ${limits.writesPerWindow} are the limit; try again in ${Math.ceil(use.waitMs / 1_000)} s, or have limits.writesPerWindow of the operator raised`;
  return refusal(429, message);
}
