/** Owns the choice among replicas: the less busy of two drawn at random. */

export interface Replica {
  /** Requests that this proxy has under way there. */
  readonly inFlight: number;
}

/**
 * Returns the one with fewer requests under way out of two different replicas drawn with `random` (0 ≤ x < 1), which
 * spreads load nearly as well as looking at all of them, and without every proxy running to the same idle one.
 * Undefined when there are none.
 */
export function pickLeastBusy<R extends Replica>(
  replicas: readonly R[],
  random: () => number,
): R | undefined {
  const count = replicas.length;
  if (count <= 1) return replicas[0];
  const first = Math.floor(random() * count);
  const second = (first + 1 + Math.floor(random() * (count - 1))) % count;
  const one = replicas[first];
  const other = replicas[second];
  if (one === undefined || other === undefined) return one ?? other;
  return other.inFlight < one.inFlight ? other : one;
}
