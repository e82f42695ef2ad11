/** Owns the headless Service of a served entity: its EndpointSlices tell the gateway the pods, ready and not. */
import { labels } from '../../../crds/schema/api.ts';
import type { Service } from '../../../kube/kinds.ts';
import { blueprintMetadata } from './blueprint.ts';
import type { Blueprint } from './blueprint.ts';
import { dataPort } from './make-sidecar-container.ts';

/** Returns the Service. */
export function makeService(blueprint: Blueprint): Service {
  return {
    metadata: blueprintMetadata(blueprint),
    spec: {
      clusterIP: 'None',
      selector: { [labels.deployment]: blueprint.name },
      ports: [{ name: 'https', port: dataPort, targetPort: dataPort, protocol: 'TCP' }],
    },
  };
}
