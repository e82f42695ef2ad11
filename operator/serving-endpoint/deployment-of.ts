/** Owns which Deployment a served entity of a config version has: once it has one, it keeps it. */
import type { ConfigVersion } from '../../core/config-versions/endpoint-config.ts';
import type { ServedEntity } from '../../crds/schema/served-entity.ts';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { deploymentName } from './names.ts';

export interface EntityOfVersion {
  readonly endpoint: Pick<ServingEndpoint, 'metadata' | 'status'>;
  readonly version: number;
  readonly entity: ServedEntity;
  /** An entity that the active config runs already, unchanged, is shared with it. */
  readonly active: ConfigVersion | undefined;
}

/**
 * Returns the name of the Deployment. What the status records wins over the name that would be made today: another
 * version of Fairlead may name by more fields, and that alone must not move the traffic to Deployments that do not
 * exist yet.
 */
export function deploymentOf({ endpoint, version, entity, active }: EntityOfVersion): string {
  const { metadata, status } = endpoint;
  const recorded = (name: string, configVersion: number): string | undefined =>
    status?.servedEntities?.find((row) => row.name === name && row.configVersion === configVersion)
      ?.deployment;
  const made = deploymentName(metadata.name, entity);
  const shared = active?.config.servedEntities.find((other) => deploymentName(metadata.name, other) === made);
  return (
    recorded(entity.name, version) ??
    (active === undefined || shared === undefined ? undefined : recorded(shared.name, active.version)) ??
    made
  );
}
