/** Owns what an endpoint must fulfil before anything is made for it; each check returns what is wrong. */
import { readyReasons } from '../../crds/schema/reasons.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { publicNameOf } from '../stores.ts';
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

/** The older endpoint keeps a public name; of two as old as each other, the one whose uid sorts first. */
function checkPublicName({ endpoint, namesakes }: Snapshot): Explanation | undefined {
  const holder = namesakes.find((other) => seniority(other) < seniority(endpoint));
  if (holder === undefined) return undefined;
  return {
    reason: readyReasons.nameTaken,
    message: `the name "${publicNameOf(endpoint)}" belongs to the older ServingEndpoint "${holder.metadata.name}"; choose another spec.endpointName`,
  };
}

const seniority = ({ metadata }: ServingEndpoint): string =>
  `${metadata.creationTimestamp ?? ''}/${metadata.uid ?? ''}`;
