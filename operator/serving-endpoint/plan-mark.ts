/** Owns the note on a config version's record that it is the active one: what is left to go by when the status is lost. */
import type { ConfigVersionsPlan } from '../../core/config-versions/plan-config-versions.ts';
import { annotations } from '../../crds/schema/api.ts';
import type { Snapshot } from './observe.ts';

export interface ActiveMark {
  /** Name of the ControllerRevision. */
  readonly revision: string;
  readonly uid: string;
  /** RFC 3339. */
  readonly since: string;
}

/** Returns the note that is missing or out of date. It follows the status, which is where a version becomes active. */
export function planMark(
  { endpoint, revisions }: Snapshot,
  { active }: ConfigVersionsPlan,
): ActiveMark | undefined {
  const known = endpoint.status?.active;
  const record = revisions.find(({ revision }) => revision === active?.version);
  const { name, uid, annotations: noted } = record?.metadata ?? {};
  if (known === undefined || known.configVersion !== active?.version) return undefined;
  if (name === undefined || uid === undefined || noted?.[annotations.activeSince] === known.since)
    return undefined;
  return { revision: name, uid, since: known.since };
}
