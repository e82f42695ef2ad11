/** Owns the rule that a public name means one endpoint of its namespace, as far as that can be told at the time of a write. */
import type { ReviewedObject, Write } from './review.ts';
import { allowed, refusal } from './verdict.ts';
import type { Verdict } from './verdict.ts';

/** Returns the metadata names of the endpoints that have a public name in a namespace. */
export type NamesakesOf = (namespace: string, publicName: string) => readonly string[];

/**
 * Returns the verdict on the name that a write takes. Two writes at the same moment may both pass; then the condition
 * Ready of the later endpoint says NameTaken.
 */
export function checkName({ object, old, namespace }: Write, namesakesOf: NamesakesOf): Verdict {
  const name = publicNameIn(object);
  if (name === '' || (old !== undefined && publicNameIn(old) === name)) return allowed;
  const holder = namesakesOf(namespace, name).find((other) => other !== object.metadata.name);
  if (holder === undefined) return allowed;
  const given = object.spec['endpointName'] !== undefined;
  const message = `the public name "${name}" belongs to the ServingEndpoint "${holder}" of this namespace; ${given ? 'choose another one' : 'set another name in spec.endpointName'}, or rename or delete that endpoint`;
  return refusal(422, message, given ? 'spec.endpointName' : 'metadata.name');
}

function publicNameIn({ metadata, spec }: ReviewedObject): string {
  const { endpointName } = spec;
  return typeof endpointName === 'string' ? endpointName : metadata.name;
}
