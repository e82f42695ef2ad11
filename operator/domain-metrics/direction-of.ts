/** Owns how the metrics call a change of the scale. */

/** Returns the direction of a change that does not begin at zero. */
export function directionOf(from: number, to: number): string {
  if (to === 0) return 'to_zero';
  return to > from ? 'up' : 'down';
}
