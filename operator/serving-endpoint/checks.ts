/** Owns what an endpoint must fulfil before anything is made for it; each check returns what is wrong. */
import { nameClaim, publicNameOf } from '../../core/routing/public-name.ts';
import { readyReasons } from '../../crds/schema/reasons.ts';
import type { Explanation } from './explanation.ts';
import type { Snapshot } from './observe.ts';

type Check = (snapshot: Snapshot) => Explanation | undefined;

/** Returns what keeps the endpoint from being served at all. */
export function checkEndpoint(snapshot: Snapshot): Explanation | undefined {
  for (const check of [checkPublicName] satisfies Check[]) {
    const problem = check(snapshot);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** Who has a public name keeps it; of several that want it, the oldest gets it. */
function checkPublicName({ endpoint, namesakes }: Snapshot): Explanation | undefined {
  const holder = namesakes.find((other) => nameClaim(other) < nameClaim(endpoint));
  if (holder === undefined) return undefined;
  return {
    reason: readyReasons.nameTaken,
    message: `the name "${publicNameOf(endpoint)}" belongs to the ServingEndpoint "${holder.metadata.name}"; choose another spec.endpointName`,
  };
}
