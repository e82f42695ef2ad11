/** Owns the identity of what a served entity runs: equal hashes share one Deployment across config versions. */
import { createHash } from 'node:crypto';
import type { ServedEntity } from '../../crds/schema/served-entity.ts';
import { canonicalJson } from './canonical-json.ts';

/**
 * Returns 10 hexadecimal digits of the hash of what the entity runs. Scale (size, bounds, scale to zero) is left out:
 * it changes how many pods there are, never what is in them.
 */
export function entityHash(endpoint: string, entity: ServedEntity): string {
  const { name, model, env, template, workload } = entity;
  const identity = { endpoint, name, model, env, template, workloadType: workload.type };
  return createHash('sha256').update(canonicalJson(identity)).digest('hex').slice(0, 10);
}
