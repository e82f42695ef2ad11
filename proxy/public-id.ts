/** Owns that an id which a caller has made up shows nobody a secret: callers put anything into a header. */
import { createHash } from 'node:crypto';

/** Beginnings of credentials, by which those who gave them out can be told. */
const looksSecret =
  /^(?:ey[A-Za-z0-9_-]{8,}\.|dapi|dose|sk-|sk_|pk_|rk_|gh[opsu]_|github_pat_|glpat-|xox[abprs]-|hf_|AKIA|ASIA|AIza|ya29\.|npm_|pypi-)/i;
const namesScheme = /bearer|basic/i;
/** As long as a UUID; ids are seldom longer, and keys seldom shorter. */
const longestPlain = 36;

/** Returns the id as it may be shown in logs and traces: itself, or its hash where it might be a secret. */
export function publicId(id: string): string {
  if (id.length <= longestPlain && !looksSecret.test(id) && !namesScheme.test(id)) return id;
  return `sha256:${createHash('sha256').update(id).digest('hex').slice(0, 16)}`;
}
