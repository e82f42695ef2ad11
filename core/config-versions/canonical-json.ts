/** Owns one spelling of a JSON value, so that equal values have equal text and equal hashes. */

/** Returns `value`, which is plain JSON, as JSON with sorted keys and without undefined fields. */
export function canonicalJson(value: unknown): string {
  // Written out by hand: a replacer of JSON.stringify would copy each object, and this is asked for all the time.
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null);
  let text = '';
  if (Array.isArray(value)) {
    for (const item of value) text += `${text === '' ? '' : ','}${canonicalJson(item)}`;
    return `[${text}]`;
  }
  const record = value as Record<string, unknown>;
  for (const name of Object.keys(record).sort()) {
    const field = record[name];
    if (field === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${canonicalJson(field)}`;
  }
  return `{${text}}`;
}
