/** Owns the answers of external.metrics.k8s.io/v1beta1: discovery, and the concurrency of Deployments. */
import { labels } from '../../crds/schema/api.ts';
import type { KnownConcurrency } from '../scaling/concurrency-reader.ts';
import { concurrencyMetricName } from '../serving-endpoint/resources/make-horizontal-pod-autoscaler.ts';
import { formatTime } from '../serving-endpoint/conditions.ts';

const group = 'external.metrics.k8s.io';
const groupVersion = `${group}/v1beta1`;

const apiGroup = {
  name: group,
  versions: [{ groupVersion, version: 'v1beta1' }],
  preferredVersion: { groupVersion, version: 'v1beta1' },
};

/** Discovery documents by path. */
export const discovery: Readonly<Record<string, unknown>> = {
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [apiGroup] },
  [`/apis/${group}`]: { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup },
  [`/apis/${groupVersion}`]: {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion,
    resources: [
      {
        name: concurrencyMetricName,
        singularName: '',
        namespaced: true,
        kind: 'ExternalMetricValueList',
        verbs: ['get'],
      },
    ],
  },
};

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
      metricLabels: { [labels.deployment]: deployment },
      timestamp: formatTime(options.now),
      windowSeconds: options.windowSeconds,
      value: `${Math.round(concurrency * 1000)}m`,
    })),
  };
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
