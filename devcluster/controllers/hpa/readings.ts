/** Owns what an autoscaler looks at: the pods of its target, and each of its metrics. */
import { messageOf } from '../../../platform/errors.ts';
import type { LocalClient } from '../../apiserver/client/local-client.ts';
import type { KubeObject } from '../../apiserver/objects/kube-object.ts';
import type { Autoscaler, AutoscalerStatus, LabelSelector, Pod } from '../objects/kinds.ts';
import { parseQuantity, quantityText } from '../../apiserver/objects/quantity.ts';
import { matchesSelector } from '../objects/selector.ts';
import { isReady } from '../replica-set/plan.ts';
import type { MetricSpec } from './external-metrics.ts';
import { describeMetric, readExternalMetric } from './external-metrics.ts';
import type { Readings } from './plan.ts';
import type { Proposal, TargetState } from './proposal.ts';
import { defaultTolerance, proposeReplicas } from './proposal.ts';

/** What a scale target has in common: a Deployment or a ReplicaSet. */
export interface Scalable extends KubeObject {
  spec: { replicas?: number; selector: LabelSelector };
  status?: { replicas?: number };
}

/** Returns what the autoscaler scales, or undefined where there is none. */
export function findTarget(client: LocalClient, { spec, metadata }: Autoscaler): Scalable | undefined {
  const { apiVersion = 'apps/v1', kind, name } = spec.scaleTargetRef;
  if (apiVersion !== 'apps/v1' || (kind !== 'Deployment' && kind !== 'ReplicaSet')) return undefined;
  return client.resource<Scalable>(apiVersion, kind).get(name, metadata.namespace);
}

/** Returns what each metric asks for; one that cannot be read is a failure in words, never an exception. */
export async function readMetrics(
  client: LocalClient,
  autoscaler: Autoscaler,
  target: Scalable,
): Promise<Readings> {
  const namespace = autoscaler.metadata.namespace ?? '';
  const state = stateOf(client, autoscaler, target);
  const proposals: (Proposal | undefined)[] = [];
  const failures: string[] = [];
  const metrics: NonNullable<AutoscalerStatus['currentMetrics']> = [];
  const specs = autoscaler.spec.metrics ?? [];
  for (const spec of specs) {
    try {
      const reading = await readExternalMetric(client, namespace, spec);
      const proposal = proposeReplicas(reading, state);
      proposals.push(proposal);
      metrics.push(currentMetric(spec, reading.type, proposal.current));
    } catch (error) {
      proposals.push(undefined);
      failures.push(messageOf(error));
    }
  }
  return { proposals, failures, metrics, names: specs.map(describeMetric) };
}

function stateOf(client: LocalClient, { spec, metadata }: Autoscaler, target: Scalable): TargetState {
  const pods = client
    .resource<Pod>('v1', 'Pod')
    .list({ namespace: metadata.namespace })
    .filter((pod) => matchesSelector(target.spec.selector, pod.metadata.labels));
  const toleranceOf = (tolerance: string | undefined): bigint =>
    tolerance === undefined ? defaultTolerance : parseQuantity(tolerance);
  return {
    specReplicas: target.spec.replicas ?? 1,
    statusReplicas: target.status?.replicas ?? 0,
    readyPods: pods.filter(isReady).length,
    tolerance: {
      up: toleranceOf(spec.behavior?.scaleUp?.tolerance),
      down: toleranceOf(spec.behavior?.scaleDown?.tolerance),
    },
  };
}

function currentMetric(
  spec: MetricSpec,
  type: 'AverageValue' | 'Value',
  current: bigint,
): Readings['metrics'][number] {
  const value = quantityText(current);
  return {
    type: 'External',
    external: {
      metric: spec.external?.metric ?? { name: '' },
      current: type === 'Value' ? { value } : { averageValue: value },
    },
  };
}
