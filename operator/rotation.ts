/** Owns when the leader looks after authority and keys out of turn: a person asks for a rotation, or one is due. */
import type { DataPlaneKey } from '../core/data-plane/token.ts';
import { annotations } from '../crds/schema/api.ts';
import type { Secret } from '../kube/kinds.ts';
import { authoritySecretName } from './certificates/authority-secret.ts';
import { dataPlaneSecretName } from './data-plane-keys/key-secret.ts';

const rotated: readonly string[] = [authoritySecretName, dataPlaneSecretName];

/** Returns whether somebody asks on `secret` for a rotation that has not been begun. */
export function isRotationAsked({ metadata }: Secret, systemNamespace: string): boolean {
  if (metadata?.namespace !== systemNamespace || !rotated.includes(metadata.name ?? '')) return false;
  const requested = metadata.annotations?.[annotations.rotate];
  return requested !== undefined && requested !== metadata.annotations?.[annotations.rotated];
}

/** What is due and cannot be done yet is looked at again after this. */
const leastRestMs = 1_000;

/** Returns how long to rest until the first of `dueAt` (milliseconds since the epoch). */
export const restInMs = (dueAt: readonly number[], now: number): number =>
  Math.max(leastRestMs, Math.min(...dueAt) - now);

/** Returns whether the same keys are published. */
export const sameKeys = (left: readonly DataPlaneKey[], right: readonly DataPlaneKey[]): boolean =>
  left.length === right.length && left.every(({ kid }, index) => kid === right[index]?.kid);
