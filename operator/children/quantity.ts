/** Owns the equality of Kubernetes quantities: the API server writes 0.5 as 500m and 1024Mi as 1Gi. */

const pattern = /^([+-]?)([0-9]*)(?:\.([0-9]*))?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?[0-9]+)?$/;

const decimalExponents: Readonly<Record<string, number>> = { m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const binaryPowers: Readonly<Record<string, bigint>> = { Ki: 1n, Mi: 2n, Gi: 3n, Ti: 4n, Pi: 5n, Ei: 6n };

/** Returns whether both are quantities (apimachinery, resource.Quantity) of the same amount. */
export function sameQuantity(left: unknown, right: unknown): boolean {
  const [a, b] = [parseQuantity(left), parseQuantity(right)];
  return a !== undefined && b !== undefined && a === b;
}

/** Returns the amount in units of 10⁻⁹, the finest that Kubernetes keeps; undefined for what is no quantity. */
function parseQuantity(value: unknown): bigint | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const [, sign = '', whole = '', fraction = '', suffix = ''] = pattern.exec(String(value)) ?? [];
  if (whole + fraction === '') return undefined;
  const digits = BigInt(`${whole}${fraction}`) * (sign === '-' ? -1n : 1n);
  const binary = binaryPowers[suffix];
  if (binary !== undefined) return scale(digits * 1024n ** binary, 9 - fraction.length);
  return scale(digits, decimalExponent(suffix) + 9 - fraction.length);
}

const decimalExponent = (suffix: string): number =>
  decimalExponents[suffix] ?? (suffix === '' ? 0 : Number(suffix.slice(1)));

const scale = (digits: bigint, exponent: number): bigint =>
  exponent >= 0 ? digits * 10n ** BigInt(exponent) : digits / 10n ** BigInt(-exponent);
