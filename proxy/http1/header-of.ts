/** Owns finding a header among raw name/value pairs. */

/** Returns the value of the first header `name` (lower case); undefined when there is none. */
export function headerOf(headers: readonly string[], name: string): string | undefined {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const candidate = headers[index];
    if (candidate?.length === name.length && candidate.toLowerCase() === name) return headers[index + 1];
  }
  return undefined;
}
