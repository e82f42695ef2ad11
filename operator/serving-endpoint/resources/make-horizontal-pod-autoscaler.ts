/** Owns the HPA of a served entity: one replica to many and back, on the concurrency that the operator serves. */
import { labels } from '../../../crds/schema/api.ts';
import type { HorizontalPodAutoscaler } from '../../../kube/kinds.ts';
import { blueprintMetadata } from './blueprint.ts';
import type { Blueprint } from './blueprint.ts';

/** The External metric that the operator serves. */
export const concurrencyMetricName = 'fairlead_concurrency';

/** Returns the HPA. */
export function makeHorizontalPodAutoscaler(blueprint: Blueprint): HorizontalPodAutoscaler {
  const { name, bounds } = blueprint;
  const { concurrencyPerReplica, targetUtilization, scaleDownStabilization } = blueprint.config.scaling;
  const target = Math.max(1, Math.round(concurrencyPerReplica * targetUtilization * 1000));
  return {
    metadata: blueprintMetadata(blueprint),
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      minReplicas: bounds.min,
      maxReplicas: bounds.max,
      metrics: [
        {
          type: 'External',
          external: {
            metric: { name: concurrencyMetricName, selector: { matchLabels: { [labels.deployment]: name } } },
            target: { type: 'AverageValue', averageValue: milli(target) },
          },
        },
      ],
      behavior: {
        scaleUp: { stabilizationWindowSeconds: 0 },
        scaleDown: { stabilizationWindowSeconds: Math.round(scaleDownStabilization / 1000) },
      },
    },
  };
}

/** Returns a count of thousandths as the API server itself would write it: `2800m`, but `3` for 3000. */
const milli = (thousandths: number): string =>
  thousandths % 1000 === 0 ? String(thousandths / 1000) : `${thousandths}m`;
