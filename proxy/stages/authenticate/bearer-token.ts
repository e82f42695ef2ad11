/** Owns where a caller's token is found in a request. */

/**
 * Returns the token of an Authorization header: that of `Bearer`, or the password of `Basic` with the user name
 * `token` (how curl's `-u token:…` sends it); undefined when there is none.
 */
export function tokenOf(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  const space = authorization.indexOf(' ');
  const scheme = authorization.slice(0, space).toLowerCase();
  const credentials = authorization.slice(space + 1).trim();
  if (space === -1 || credentials === '') return undefined;
  if (scheme === 'bearer') return credentials;
  if (scheme !== 'basic') return undefined;
  const decoded = Buffer.from(credentials, 'base64').toString('utf8');
  return decoded.startsWith('token:') && decoded.length > 6 ? decoded.slice(6) : undefined;
}
