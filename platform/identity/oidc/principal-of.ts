/** Owns who a verified token of an issuer makes somebody, by the rules of kube-apiserver's `--oidc-*` flags. */
import type { Principal } from '../principal.ts';
import type { IssuerConfig } from './issuer-config.ts';

type Mapping = Pick<
  IssuerConfig,
  'url' | 'usernameClaim' | 'usernamePrefix' | 'groupsClaim' | 'groupsPrefix' | 'requiredClaims'
>;

/** Names of Kubernetes' own: an issuer that could give them could make anybody anything. */
const reserved = 'system:';
/** What the API server adds for everybody whom it knows. */
const everybody = 'system:authenticated';

/** Returns the principal, or in words why the claims make none. */
export function principalOf(claims: Readonly<Record<string, unknown>>, issuer: Mapping): Principal | string {
  const missing = Object.entries(issuer.requiredClaims).find(([claim, value]) => claims[claim] !== value);
  if (missing !== undefined) return `the claim ${missing[0]} is not what is required`;
  const name = claims[issuer.usernameClaim];
  if (typeof name !== 'string' || name === '') return `the claim ${issuer.usernameClaim} holds no name`;
  const isVerified = claims['email_verified'] === undefined || claims['email_verified'] === true;
  if (issuer.usernameClaim === 'email' && !isVerified) return 'the e-mail address is not verified';
  const fullName = `${usernamePrefixOf(issuer)}${name}`;
  if (fullName.startsWith(reserved)) return `the name begins with ${reserved}`;
  const groups = groupsOf(claims, issuer);
  if (groups === undefined) return `the claim ${issuer.groupsClaim ?? ''} holds no groups`;
  return { name: fullName, groups: [...groups.filter((group) => !group.startsWith(reserved)), everybody] };
}

function usernamePrefixOf({ url, usernameClaim, usernamePrefix }: Mapping): string {
  if (usernamePrefix !== undefined) return usernamePrefix === '-' ? '' : usernamePrefix;
  return usernameClaim === 'email' ? '' : `${url}#`;
}

/** One group may stand without a list. */
function groupsOf(claims: Readonly<Record<string, unknown>>, issuer: Mapping): string[] | undefined {
  const value = issuer.groupsClaim === undefined ? undefined : claims[issuer.groupsClaim];
  if (value === undefined) return [];
  const groups: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (!groups.every((group) => typeof group === 'string')) return undefined;
  return groups.map((group) => `${issuer.groupsPrefix}${group}`);
}
