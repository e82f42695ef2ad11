/** Owns the comparison of two runs by their ratios: which got worse by more than noise. */

export interface RatioChange {
  readonly name: string;
  readonly before: number | undefined;
  readonly after: number | undefined;
  readonly verdict: 'worse' | 'better' | 'same' | 'new' | 'gone';
}

/** As a share; issue and README name it: what is within it is noise. */
export const tolerance = 0.15;

type Ratios = Readonly<Record<string, number>>;

/** Returns what became of each ratio, those of `after` in their order first; less is better. */
export function compareRatios(before: Ratios, after: Ratios): RatioChange[] {
  const names = new Set([...Object.keys(after), ...Object.keys(before)]);
  return [...names].map((name) => {
    const [old, now] = [before[name], after[name]];
    return { name, before: old, after: now, verdict: verdictOn(old, now) };
  });
}

function verdictOn(before: number | undefined, after: number | undefined): RatioChange['verdict'] {
  if (before === undefined) return 'new';
  if (after === undefined) return 'gone';
  if (after > before * (1 + tolerance)) return 'worse';
  return after < before / (1 + tolerance) ? 'better' : 'same';
}
