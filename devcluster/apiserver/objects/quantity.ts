/** Owns quantities (`250m`, `1Gi`, `5e3`): exact arithmetic in thousandths, never floating point. */
import { AppError } from '../../../platform/errors.ts';

const binary: Record<string, bigint> = {
  Ki: 1n << 10n,
  Mi: 1n << 20n,
  Gi: 1n << 30n,
  Ti: 1n << 40n,
  Pi: 1n << 50n,
  Ei: 1n << 60n,
};
const decimal: Record<string, number> = { n: -9, u: -6, m: -3, '': 0, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };

const grammar =
  /^(?<sign>[+-]?)(?<whole>\d*)(?:\.(?<fraction>\d*))?(?:(?<binary>[KMGTPE]i)|(?<decimal>[numkMGTPE]?)|[eE](?<exponent>[+-]?\d{1,3}))$/;

/**
 * Returns a quantity in thousandths; what is smaller rounds away from zero, as in Kubernetes.
 *
 * @throws AppError `QUANTITY_INVALID`.
 */
export function parseQuantity(quantity: string | number): bigint {
  const text = String(quantity);
  const parts = grammar.exec(text)?.groups;
  const { sign, whole = '', fraction = '' } = parts ?? {};
  const digits = `${whole}${fraction}`;
  if (parts === undefined || digits === '') {
    throw new AppError('QUANTITY_INVALID', `"${text}" is not a quantity such as 250m, 2 or 1Gi`);
  }
  const scaled = BigInt(digits) * (binary[parts['binary'] ?? ''] ?? 1n);
  const shift = powerOf(parts['decimal'], parts['exponent']) + 3 - fraction.length;
  const value = shift >= 0 ? scaled * 10n ** BigInt(shift) : divideUp(scaled, 10n ** BigInt(-shift));
  return sign === '-' ? -value : value;
}

function powerOf(suffix = '', exponent: string | undefined): number {
  return exponent === undefined ? (decimal[suffix] ?? 0) : Number(exponent);
}

/** Returns `dividend ÷ divisor`, rounded up; neither is negative. */
export function divideUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor;
}

/** Returns thousandths as a quantity: whole numbers plain, others with `m`. */
export function quantityText(thousandths: bigint): string {
  return thousandths % 1000n === 0n ? String(thousandths / 1000n) : `${String(thousandths)}m`;
}

/**
 * Returns thousandths as Kubernetes writes sums: with the largest unit that leaves no fraction, of 1024 or of 1000.
 */
export function canonicalText(thousandths: bigint, base: 'binary' | 'decimal'): string {
  const units = base === 'binary' ? binary : { k: 10n ** 3n, M: 10n ** 6n, G: 10n ** 9n, T: 10n ** 12n };
  const whole = thousandths / 1000n;
  const fits = Object.entries(units).filter(([, unit]) => whole > 0n && thousandths % (unit * 1000n) === 0n);
  const largest = fits.at(-1);
  return largest === undefined ? quantityText(thousandths) : `${String(whole / largest[1])}${largest[0]}`;
}
