/** Owns taking a JSON Web Token (RFC 7519, compact) apart, before anybody has verified it. */

/** Nothing in it may be relied on yet. */
export interface UnverifiedToken {
  readonly header: Readonly<Record<string, unknown>>;
  readonly claims: Readonly<Record<string, unknown>>;
  /** What the signature covers. */
  readonly signed: string;
  readonly signature: Buffer;
}

const base64url = /^[A-Za-z0-9_-]+$/;

/** Returns the parts of `token`; undefined when it is no such token, but an opaque one, say. */
export function parseToken(token: string): UnverifiedToken | undefined {
  const [header = '', claims = '', signature = '', ...more] = token.split('.', 4);
  if (more.length > 0 || ![header, claims, signature].every((part) => base64url.test(part))) return undefined;
  const parsedHeader = parseObject(header);
  const parsedClaims = parseObject(claims);
  if (parsedHeader === undefined || parsedClaims === undefined) return undefined;
  return {
    header: parsedHeader,
    claims: parsedClaims,
    signed: token.slice(0, header.length + 1 + claims.length),
    signature: Buffer.from(signature, 'base64url'),
  };
}

/** Returns when a token says that it ends, in milliseconds since the epoch; undefined when it does not say. */
export function expiryOf(token: UnverifiedToken): number | undefined {
  const { exp } = token.claims;
  return typeof exp === 'number' && Number.isFinite(exp) ? exp * 1000 : undefined;
}

function parseObject(part: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined;
  } catch {
    // Anything with two dots in it may come here: it is an opaque token then.
    return undefined;
  }
}
