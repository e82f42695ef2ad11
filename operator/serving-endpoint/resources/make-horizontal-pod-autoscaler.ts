/** Owns the HPA of a served entity: one replica to many and back, on the concurrency that the operator serves. */
import { labels } from '../../../crds/schema/api.ts';
import type { HorizontalPodAutoscaler } from '../../../kube/kinds.ts';
import { blueprintMetadata } from './blueprint.ts';
import type { Blueprint } from './blueprint.ts';

/** The External metric that the operator serves. */
export const concurrencyMetricName = 'fairlead_concurrency';

/** Returns the HPA; with `mayGoToZero` its least is no replica, for clusters whose HPA can go there and come back. */
export function makeHorizontalPodAutoscaler(
  blueprint: Blueprint,
  mayGoToZero = false,
): HorizontalPodAutoscaler {
  const { name, scaling, entity } = blueprint;
  const { min, max, targetMilli, scaleUp, scaleDown } = scaling;
  const goesToZero = mayGoToZero && entity.workload.scaleToZero.enabled;
  return {
    metadata: blueprintMetadata(blueprint),
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      minReplicas: goesToZero ? 0 : min,
      maxReplicas: max,
      metrics: [
        {
          type: 'External',
          external: {
            metric: { name: concurrencyMetricName, selector: { matchLabels: { [labels.deployment]: name } } },
            target: { type: 'AverageValue', averageValue: milli(targetMilli) },
          },
        },
      ],
      behavior: { scaleUp, scaleDown },
    },
  };
}

/** Returns a count of thousandths as the API server itself would write it: `2800m`, but `3` for 3000. */
const milli = (thousandths: number): string =>
  thousandths % 1000 === 0 ? String(thousandths / 1000) : `${thousandths}m`;
