/** Owns the choice among replicas: the less busy of two drawn at random. */

export interface Replica {
  /** Requests that this proxy has under way there. */
  readonly inFlight: number;
}

/**
 * Returns the one with fewer requests under way out of two different replicas drawn with `random` (0 ≤ x < 1), which
 * spreads load nearly as well as looking at all of them, and without every proxy running to the same idle one.
 * Replicas that `excluded` holds are passed over while there are others; undefined when nothing is left.
 */
export function pickLeastBusy<R extends Replica>(
  replicas: readonly R[],
  random: () => number,
  excluded?: ReadonlySet<R>,
): R | undefined {
  const candidates =
    excluded === undefined || excluded.size === 0
      ? replicas
      : replicas.filter((replica) => !excluded.has(replica));
  const count = candidates.length;
  if (count <= 1) return candidates[0];
  const first = Math.floor(random() * count);
  const second = (first + 1 + Math.floor(random() * (count - 1))) % count;
  const one = candidates[first];
  const other = candidates[second];
  if (one === undefined || other === undefined) return one ?? other;
  return other.inFlight < one.inFlight ? other : one;
}
