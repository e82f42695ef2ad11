/** Owns targets of requests for tests: Deployments whose pods are addresses on loopback that are spoken to in plain text. */
import { Registry } from 'prom-client';
import { silentLog } from '../../kube/testing/plain-access.ts';
import { systemClock } from '../../platform/clock.ts';
import { DeploymentTarget } from '../targets/deployment-target.ts';
import type { DeploymentTargetOptions } from '../targets/deployment-target.ts';
import { trafficMaker } from '../targets/endpoint-traffic.ts';
import type { MakeTraffic } from '../targets/endpoint-traffic.ts';
import { TrafficMetrics } from '../targets/traffic-metrics.ts';
import { Pool } from '../upstream/pool.ts';

/** Returns the target of the Deployment `wine-0123456789` of the endpoint `team-a/wine`, with what is given. */
export function aTarget(given: Partial<DeploymentTargetOptions> = {}): DeploymentTarget {
  const { namespace = 'team-a', endpoint = 'wine', deployment = 'wine-0123456789' } = given;
  return new DeploymentTarget({
    namespace,
    endpoint,
    deployment,
    clock: systemClock,
    log: silentLog,
    outliers: { failures: 5, baseMs: 10_000, maxPercent: 50 },
    metrics: new TrafficMetrics(new Registry()).of(`${namespace}/${endpoint}`),
    makePool: ({ host, port }) => new Pool({ host, port, idleMs: 1_000 }),
    ...given,
  });
}

/** Returns how specs are read where the configuration is the usual one. */
export function aTrafficMaker(metrics = new TrafficMetrics(new Registry())): MakeTraffic {
  return trafficMaker(
    {
      totalMs: 297_000,
      connectMs: 2_000,
      firstByteMs: 297_000,
      idleMs: 120_000,
      retryAttempts: 2,
      retryBudgetPercent: 20,
    },
    metrics,
  );
}
