/** Owns the headers in which one hop tells the next one who the caller is; they count over mTLS between proxies only. */

export const forwardedHeaders = {
  principal: 'x-fairlead-principal',
  groups: 'x-fairlead-groups',
  accounted: 'x-fairlead-accounted',
} as const;

/** Appends the words on a caller to raw header pairs; percent-encoded, for names may hold any character. */
export function pushForwardedCaller(
  headers: string[],
  caller: { readonly principal: string; readonly groups: readonly string[] },
): void {
  headers.push(forwardedHeaders.principal, encode(caller.principal));
  headers.push(forwardedHeaders.groups, caller.groups.map(encode).join(','));
  headers.push(forwardedHeaders.accounted, '1');
}

/** Returns the principal that a header tells; empty when it tells none. */
export function parsePrincipal(value: string | undefined): string {
  return value === undefined ? '' : decode(value);
}

/** Returns the groups that a header tells. */
export function parseGroups(value: string | undefined): string[] {
  if (value === undefined || value === '') return [];
  return value.split(',').map(decode);
}

/** Half a surrogate pair, which JSON can hold and percent-encoding cannot, becomes a replacement character. */
const encode = (value: string): string => encodeURIComponent(value.toWellFormed());

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    // Not what a hop of ours writes; taken literally it names somebody without any limit or right of their own.
    return value;
  }
}
