/** Owns how a config version is kept: as a ControllerRevision of the endpoint. */
import { parseConfig } from '../../../core/config-versions/endpoint-config.ts';
import type { ConfigVersion } from '../../../core/config-versions/endpoint-config.ts';
import type { KeptVersion } from '../../../core/config-versions/plan-config-versions.ts';
import { annotations } from '../../../crds/schema/api.ts';
import type { ControllerRevision } from '../../../kube/kinds.ts';
import { endpointLabels, revisionName } from '../names.ts';
import { ownerReference } from './owner.ts';
import type { EndpointIdentity } from './owner.ts';

/** Returns the ControllerRevision of a config version; its data never changes. */
export function makeControllerRevision(
  endpoint: EndpointIdentity,
  { version, config }: ConfigVersion,
): ControllerRevision {
  return {
    metadata: {
      name: revisionName(endpoint.name, version),
      namespace: endpoint.namespace,
      labels: endpointLabels(endpoint.name),
      ownerReferences: [ownerReference(endpoint)],
    },
    revision: version,
    data: config,
  };
}

/**
 * Returns the config version that a ControllerRevision keeps.
 *
 * @throws AppError `CONFIG_VERSION_INVALID`.
 */
export function parseControllerRevision(revision: ControllerRevision): KeptVersion {
  const { name = '', annotations: noted = {} } = revision.metadata ?? {};
  const activeSince = Date.parse(noted[annotations.activeSince] ?? '');
  return {
    version: revision.revision,
    config: parseConfig(revision.data, name),
    ...(Number.isNaN(activeSince) ? {} : { activeSince }),
  };
}
