/** Owns the answers of external.metrics.k8s.io/v1beta1: the concurrency of Deployments, and refusals. */
import { labels } from '../../crds/schema/api.ts';
import type { KnownConcurrency } from '../scaling/concurrency-reader.ts';
import { concurrencyMetricName } from '../serving-endpoint/resources/make-horizontal-pod-autoscaler.ts';
import { formatTime } from '../serving-endpoint/conditions.ts';
import { groupVersion } from './discovery.ts';

/** Where one metric of one namespace is read, as a route. */
export const metricPath = `/apis/${groupVersion}/namespaces/:namespace/:metric`;

/** Returns an ExternalMetricValueList. What is not known is left out, and the HPA then changes nothing. */
export function makeMetricValues(
  known: readonly KnownConcurrency[],
  options: { readonly now: number; readonly windowSeconds: number },
): unknown {
  return {
    kind: 'ExternalMetricValueList',
    apiVersion: groupVersion,
    metadata: {},
    items: known.map(({ deployment, concurrency }) => ({
      metricName: concurrencyMetricName,
      metricLabels: metricLabelsOf(deployment),
      timestamp: formatTime(options.now),
      windowSeconds: options.windowSeconds,
      value: quantityOf(concurrency),
    })),
  };
}

/** Returns the labels that a selector is held against. */
export const metricLabelsOf = (deployment: string): Record<string, string> => ({
  [labels.deployment]: deployment,
});

/** Returns a quantity in its canonical form: `2850m`, but `3` for 3000 thousandths. */
function quantityOf(value: number): string {
  const thousandths = Math.round(value * 1000);
  return thousandths % 1000 === 0 ? String(thousandths / 1000) : `${thousandths}m`;
}

/** Returns a Kubernetes Status that tells a failure. */
export const makeFailure = (code: number, reason: string, message: string): unknown => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message,
  reason,
  code,
});
