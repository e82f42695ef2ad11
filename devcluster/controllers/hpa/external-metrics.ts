/** Owns reading external metrics through the aggregated API. */
import { AppError } from '../../../platform/errors.ts';
import type { LocalClient } from '../../apiserver/client/local-client.ts';
import { isObject } from '../../apiserver/objects/kube-object.ts';
import type { AutoscalerSpec } from '../objects/kinds.ts';
import { parseQuantity } from '../../apiserver/objects/quantity.ts';
import { selectorText } from '../objects/selector.ts';
import type { MetricReading } from './proposal.ts';

export type MetricSpec = NonNullable<AutoscalerSpec['metrics']>[number];

/** Returns how people name the metric: `external metric fairlead_concurrency(app=web)`. */
export function describeMetric(spec: MetricSpec): string {
  const metric = spec.external?.metric;
  return `external metric ${metric?.name ?? ''}(${selectorText(metric?.selector ?? {})})`;
}

/**
 * Returns the current reading of an External metric.
 *
 * @throws AppError `METRIC_UNAVAILABLE` saying why; nothing may be scaled by it then.
 */
export async function readExternalMetric(
  client: LocalClient,
  namespace: string,
  spec: MetricSpec,
): Promise<MetricReading> {
  const { external } = spec;
  if (spec.type !== 'External' || external === undefined) {
    const message = `metrics of type ${spec.type} do not exist in the embedded cluster; use type External`;
    throw new AppError('METRIC_UNAVAILABLE', message);
  }
  const selector = selectorText(external.metric.selector ?? {});
  const path = `/apis/external.metrics.k8s.io/v1beta1/namespaces/${namespace}/${external.metric.name}`;
  const query = selector === '' ? '' : `?labelSelector=${encodeURIComponent(selector)}`;
  const values = await readValues(client, `${path}${query}`, `${namespace}/${external.metric.name}`);
  const { averageValue, value } = external.target;
  const target = averageValue ?? value;
  if (target === undefined) {
    throw new AppError(
      'METRIC_UNAVAILABLE',
      'the metric has neither an averageValue nor a value as its target',
    );
  }
  return {
    type: averageValue === undefined ? 'Value' : 'AverageValue',
    target: parseQuantity(target),
    values,
  };
}

async function readValues(client: LocalClient, path: string, name: string): Promise<bigint[]> {
  let list: unknown;
  try {
    list = await client.getPath(path);
  } catch (error) {
    const message = `unable to get external metric ${name}`;
    throw new AppError('METRIC_UNAVAILABLE', message, { cause: error, retryable: true });
  }
  const items = isObject(list) && Array.isArray(list['items']) ? (list['items'] as unknown[]) : [];
  if (items.length === 0) {
    const message = `unable to get external metric ${name}: no metrics returned from external metrics API`;
    throw new AppError('METRIC_UNAVAILABLE', message, { retryable: true });
  }
  return items.map((item) => {
    const value = isObject(item) ? item['value'] : undefined;
    return parseQuantity(typeof value === 'string' || typeof value === 'number' ? value : '');
  });
}
