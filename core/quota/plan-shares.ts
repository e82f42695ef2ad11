/** Owns how a limit is divided among the proxies that give it out: what is used stays, the rest goes where demand is. */

/** One proxy's part in one counter. */
export interface Part {
  /** What it has given out in this minute: that much it has to keep. */
  readonly used: number;
  /** What it is asked for. */
  readonly demand: number;
}

/** Part of what is left that is kept for those who are not asked now, so that a first caller there is not turned away. */
const keptForIdle = 0.1;

/**
 * Returns what each of `parts` is to have of `limit`, in whole units; together no more than the limit, unless more has
 * been used already.
 */
export function planShares(limit: number, parts: readonly Part[]): number[] {
  const used = parts.reduce((sum, part) => sum + part.used, 0);
  const left = Math.max(0, Math.floor(limit - used));
  const demand = parts.reduce((sum, part) => sum + part.demand, 0);
  const weights = parts.map((part) =>
    demand > 0 ? keptForIdle / parts.length + (1 - keptForIdle) * (part.demand / demand) : 1 / parts.length,
  );
  const shares = weights.map((weight) => Math.floor(left * weight + 1e-6));
  let rest = left - shares.reduce((sum, share) => sum + share, 0);
  const byWeight = weights.map((weight, index) => ({ weight, index })).sort((a, b) => b.weight - a.weight);
  for (const { index } of byWeight) {
    if (rest <= 0) break;
    shares[index] = (shares[index] ?? 0) + 1;
    rest -= 1;
  }
  return shares.map((share, index) => share + (parts[index]?.used ?? 0));
}
