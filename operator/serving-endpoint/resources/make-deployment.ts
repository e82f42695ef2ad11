/** Owns the Deployment of a served entity. */
import { annotations, labels } from '../../../crds/schema/api.ts';
import type { Deployment } from '../../../kube/kinds.ts';
import { runtimeKey } from '../../serving-runtime/select-runtime.ts';
import { idleAfterAnnotation, runtimeAnnotation, scalingAnnotation } from '../names.ts';
import { blueprintMetadata } from './blueprint.ts';
import type { Blueprint } from './blueprint.ts';
import { makePodTemplate } from './make-pod-template.ts';

/**
 * Returns the Deployment, without `spec.replicas`: the API server's default 1 is the start, and from then on the
 * field belongs to who scales (gateway, HPA, scale to zero).
 *
 * @throws AppError `RUNTIME_PLACEHOLDER_UNKNOWN`, `TEMPLATE_REFUSED`.
 */
export function makeDeployment(blueprint: Blueprint): Deployment {
  const { entity, name, config, runtime, configVersion, scaling } = blueprint;
  const { scaleToZero } = entity.workload;
  return {
    metadata: blueprintMetadata(blueprint, {
      [annotations.configVersion]: String(configVersion),
      [runtimeAnnotation]: runtimeKey(runtime),
      [scalingAnnotation]: JSON.stringify(scaling),
      ...(scaleToZero.enabled ? { [idleAfterAnnotation]: scaleToZero.idleAfter } : {}),
    }),
    spec: {
      selector: { matchLabels: { [labels.deployment]: name } },
      // A new pod serves before an old one goes, whatever the number of replicas.
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      progressDeadlineSeconds: Math.max(1, Math.round(config.deadlines.progress / 1000)),
      revisionHistoryLimit: 1,
      template: makePodTemplate(blueprint),
    },
  };
}
