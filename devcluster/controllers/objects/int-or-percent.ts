/** Owns values that are a number or a percentage of something. */
import { AppError } from '../../../platform/errors.ts';

/**
 * Returns `value` as a whole number: a percentage is taken of `total` and rounded as asked.
 *
 * @throws AppError `PERCENTAGE_INVALID` for text that is not a percentage.
 */
export function resolveIntOrPercent(value: number | string, total: number, rounding: 'up' | 'down'): number {
  if (typeof value === 'number') return value;
  const match = /^(\d+)%$/.exec(value);
  if (match === null)
    throw new AppError('PERCENTAGE_INVALID', `"${value}" is neither a number nor a percentage`);
  // In whole numbers: 0.01 × 7 × 100 would be a hair above 7 and round up to 8.
  const hundredths = Number(match[1]) * total;
  return rounding === 'up' ? Math.ceil(hundredths / 100) : Math.floor(hundredths / 100);
}
