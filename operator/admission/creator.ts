/** Owns who made an endpoint: noted on it when it is created, and nobody's to change. */
import { annotations } from '../../crds/schema/api.ts';
import type { ReviewedObject, Write } from './review.ts';
import { allowed, refusal } from './verdict.ts';
import type { Verdict } from './verdict.ts';

const creatorOf = ({ metadata }: ReviewedObject): string | undefined =>
  metadata.annotations?.[annotations.creator];

/**
 * Returns the verdict that notes the creator: the one who creates, whatever the manifest says; later the one who is
 * noted, also where a manifest leaves the annotation out. A second time it changes nothing.
 */
export function noteCreator({ object, old, user }: Write): Verdict {
  const wanted = old === undefined ? user.username : creatorOf(old);
  const found = creatorOf(object);
  // A value that somebody means to change is for the check to refuse: silently put back, it would never be noticed.
  if (found === wanted || wanted === undefined || (old !== undefined && found !== undefined)) return allowed;
  const path = `/metadata/annotations/${annotations.creator.replaceAll('/', '~1')}`;
  const set = { op: 'add', path, value: wanted };
  const isBare = object.metadata.annotations == null;
  return {
    allowed: true,
    patch: isBare ? [{ op: 'add', path: '/metadata/annotations', value: {} }, set] : [set],
  };
}

/** Returns the verdict on a write that would make somebody else the creator. */
export function checkCreator({ object, old, user }: Write): Verdict {
  const found = creatorOf(object);
  const before = old === undefined ? user.username : creatorOf(old);
  if (found === undefined || found === before) return allowed;
  const message =
    before === undefined
      ? 'nobody is noted as the creator of this endpoint, and that cannot be made up for; remove the annotation'
      : `"${before}" created this endpoint, and that cannot be changed; remove the annotation, or set it to that`;
  return refusal(422, message, `metadata.annotations[${annotations.creator}]`);
}
