/** Owns the autoscaler's loop: reads the scale and the metrics, has the size planned, sets it, tells why. */
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../../platform/clock.ts';
import { messageOf } from '../../../platform/errors.ts';
import type { Logger } from '../../../platform/logging.ts';
import type { LocalClient } from '../../apiserver/client/local-client.ts';
import { Loop } from '../loop/loop.ts';
import type { EventRecorder } from '../objects/events.ts';
import type { Autoscaler, AutoscalerSpec } from '../objects/kinds.ts';
import { keyOf, parseKey } from '../objects/kinds.ts';
import type { ScalingHistory } from './behavior.ts';
import { noHistory, withChange } from './behavior.ts';
import { notRescaled, rescaled, scaleUnreadable } from './conditions.ts';
import type { Readings, ScalePlan, StatusInput } from './plan.ts';
import { needsMetrics, planScale, statusOf, zeroOf } from './plan.ts';
import type { Scalable } from './readings.ts';
import { findTarget, readMetrics } from './readings.ts';

interface Parts {
  readonly client: LocalClient;
  readonly log: Logger;
  readonly clock: Clock;
  readonly events: EventRecorder;
  /** How often each autoscaler is looked at. */
  readonly syncPeriodMs: number;
}

/** Starts the autoscaler; `stop` waits for the reconcile that runs. */
export function startAutoscaler(parts: Parts): { stop(): Promise<void> } {
  const { client, log, clock } = parts;
  const histories = new Map<string, ScalingHistory>();
  const specs = new Map<string, AutoscalerSpec>();
  const loop = new Loop({ name: 'hpa', reconcile: (key) => reconcile(parts, histories, key), log, clock });
  const watch = autoscalersOf(client).watch({}, ({ type, object }) => {
    const key = keyOf(object);
    if (type === 'DELETED') {
      histories.delete(key);
      specs.delete(key);
    } else if (!isDeepStrictEqual(specs.get(key), object.spec)) {
      // Its own status writes come back as changes too; only a new spec is a reason to look before the time.
      specs.set(key, object.spec);
      loop.enqueue(key);
    }
  });
  return {
    stop: async () => {
      watch.stop();
      await loop.stop();
    },
  };
}

const autoscalersOf = (client: LocalClient) =>
  client.resource<Autoscaler>('autoscaling/v2', 'HorizontalPodAutoscaler');

const noReadings: Readings = { proposals: [], names: [], failures: [], metrics: [] };

async function reconcile(
  parts: Parts,
  histories: Map<string, ScalingHistory>,
  key: string,
): Promise<number | undefined> {
  const { client, clock, events, syncPeriodMs } = parts;
  const { namespace, name } = parseKey(key);
  const autoscaler = autoscalersOf(client).get(name, namespace);
  if (autoscaler === undefined) return undefined;
  const target = findTarget(client, autoscaler);
  if (target === undefined) {
    const { kind, name: targetName } = autoscaler.spec.scaleTargetRef;
    const condition = scaleUnreadable(`${kind} "${targetName}" not found`);
    events.record(autoscaler, { type: 'Warning', reason: 'FailedGetScale', message: condition.message });
    report(parts, autoscaler, { conditions: [condition] });
    return syncPeriodMs;
  }
  const current = target.spec.replicas ?? 1;
  const readings = needsMetrics(autoscaler, current)
    ? await readMetrics(client, autoscaler, target)
    : noReadings;
  // Somebody scaled while the metrics were read (to zero, say): what they mean has to be judged anew.
  if (findTarget(client, autoscaler)?.spec.replicas !== target.spec.replicas) return 0;
  const plan = planScale(autoscaler, current, readings, histories.get(key) ?? noHistory, clock.now());
  histories.set(key, act(parts, autoscaler, target, plan));
  return syncPeriodMs;
}

/** Sets the scale where it changes, reports, and returns the history with the change in it. */
function act(parts: Parts, autoscaler: Autoscaler, target: Scalable, plan: ScalePlan): ScalingHistory {
  const { client, events, clock } = parts;
  const { current, desired, conditions, history } = plan;
  if (plan.failure !== undefined) {
    const reason = 'FailedComputeMetricsReplicas';
    events.record(autoscaler, { type: 'Warning', reason, message: plan.failure });
  }
  if (current === desired) {
    report(parts, autoscaler, plan);
    return history;
  }
  const { name, namespace } = target.metadata;
  try {
    client
      .resource(target.apiVersion, target.kind)
      .mergePatch(name, namespace, { spec: { replicas: desired } }, 'scale');
  } catch (error) {
    const condition = notRescaled(messageOf(error));
    events.record(autoscaler, { type: 'Warning', reason: 'FailedRescale', message: condition.message });
    report(parts, autoscaler, { ...plan, desired: current, conditions: [...conditions, condition] });
    return history;
  }
  const message = `New size: ${desired}; reason: ${plan.why}`;
  events.record(autoscaler, { type: 'Normal', reason: 'SuccessfulRescale', message });
  const changed = [rescaled(desired), zeroOf(autoscaler.spec, plan)];
  report(parts, autoscaler, { ...plan, rescaled: true, conditions: [...conditions, ...changed] });
  return withChange(history, current, desired, clock.now());
}

function report({ client, clock }: Parts, autoscaler: Autoscaler, input: StatusInput): void {
  const status = statusOf(autoscaler, input, clock.now());
  if (!isDeepStrictEqual(status, autoscaler.status))
    autoscalersOf(client).updateStatus({ ...autoscaler, status });
}
