/** Owns taking a header away from raw name/value pairs. */

/** Removes every header `name` (lower case) from raw pairs. */
export function removeHeader(headers: string[], name: string): void {
  let kept = 0;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const candidate = headers[index] ?? '';
    if (candidate.length === name.length && candidate.toLowerCase() === name) continue;
    headers[kept] = candidate;
    headers[kept + 1] = headers[index + 1] ?? '';
    kept += 2;
  }
  headers.length = kept;
}
