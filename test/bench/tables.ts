/** Owns how figures become text: tables in Markdown, rounding, and the middle of several measurements. */

/** Returns a table; a row has as many cells as `columns`. */
export const makeTable = (
  columns: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string =>
  [columns, columns.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** Returns `value` with at most `digits` digits behind the point. */
export const rounded = (value: number, digits = 1): number => Number(value.toFixed(digits));

/** Returns the middle of `values`, the upper one of two; NaN where there are none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Returns how far `values` are apart, as a share of their middle. */
export const spread = (values: readonly number[]): number =>
  (Math.max(...values) - Math.min(...values)) / median(values);
