/** Owns the difference between an absent field and one that is undefined: an API knows only the first. */

/** Returns an object with the field, or without it where there is no value. */
export function withDefined<Field extends string, Value>(
  field: Field,
  value: Value | undefined,
): Partial<Record<Field, Value>> {
  return value === undefined ? {} : ({ [field]: value } as Record<Field, Value>);
}
