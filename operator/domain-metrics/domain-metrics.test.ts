/** Owns the proof of what is counted, and that the page on metrics tells of every metric of the operator. */
import { readFileSync } from 'node:fs';
import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { makeKubeMetrics } from '../../kube/kube-metrics.ts';
import { makeRegistry } from '../../platform/metrics.ts';
import { aDeployment } from '../../test/support/a-deployment.ts';
import { anEndpoint } from '../../test/support/an-endpoint.ts';
import { makeAdmissionMetrics } from '../admission/admission-metrics.ts';
import { aConfig } from '../operator-fixture.ts';
import { declareEndpointsGauge, makeDomainMetrics } from './declare.ts';
import { countScale, countUpdate, stateOf } from './follow-changes.ts';

const since = '2026-01-01T00:00:00Z';
const counted = async (count: (metrics: ReturnType<typeof makeDomainMetrics>) => void): Promise<string[]> => {
  const registry = new Registry();
  count(makeDomainMetrics(registry));
  const lines = (await registry.metrics()).split('\n');
  return lines.filter((line) => /^fairlead_(config|scale|cold_start_seconds_count)/.test(line));
};

describe('of an endpoint', () => {
  const iris = anEndpoint('iris').servingModel('models:/iris/1');
  const row = { name: 'iris-1', configVersion: 1, deployment: 'd', message: '', reason: 'Serving' };

  it.each([
    [
      'a config version that became active',
      { active: { configVersion: 2, since } },
      ['fairlead_config_updates_total{result="active"} 1'],
    ],
    [
      'a config version that was given up',
      { failed: { configVersion: 2, since, reason: 'ModelFetchFailed', message: '' } },
      ['fairlead_config_updates_total{result="failed"} 1'],
    ],
    [
      'a cold start',
      {
        servedEntities: [
          { ...row, state: 'Ready' as const, coldStart: { totalSeconds: 8, fetchSeconds: 4 } },
        ],
      },
      [
        'fairlead_cold_start_seconds_count{phase="total"} 1',
        'fairlead_cold_start_seconds_count{phase="fetch"} 1',
      ],
    ],
  ])('%s is counted, once', async (_name, status, expected) => {
    const [before, after] = [iris.build(), iris.withStatus(status).build()];
    const lines = await counted((metrics) => {
      countUpdate(before, after, metrics);
      countUpdate(after, after, metrics);
    });
    expect(lines).toEqual(expected);
  });
});

it('endpoints are counted by how they stand', async () => {
  const registry = new Registry();
  const iris = anEndpoint('iris').servingModel('models:/iris/1');
  const ready = iris
    .withStatus({ ready: 'True' })
    .withCondition({ type: 'Ready', status: 'True', reason: 'Serving' });
  const all = [iris, ready, ready, iris.withStatus({ ready: 'Suspended' })].map((one) => one.build());
  declareEndpointsGauge(registry, () => all.map(stateOf));
  const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith('fairlead'));
  expect(lines).toEqual([
    'fairlead_endpoints{ready="Unknown",reason="Unknown"} 1',
    'fairlead_endpoints{ready="True",reason="Serving"} 2',
    'fairlead_endpoints{ready="Suspended",reason="Suspended"} 1',
  ]);
});

describe('of a Deployment', () => {
  const endpoint = anEndpoint('iris').servingModel('models:/iris/1').build();
  const routed = {
    ...endpoint,
    status: { traffic: [{ servedEntity: 'iris-1', percent: 100, deployment: 'd', configVersion: 1 }] },
  };
  const scaled = (replicas: number) =>
    aDeployment('d').servingFor(endpoint, 'iris-1').withReplicas(replicas).build();
  const storesOf = (minReplicas: number) => ({
    endpoints: { store: { get: () => routed } },
    autoscalers: { store: { byIndex: () => [{ spec: { minReplicas } }] } },
  });

  it.each([
    ['a wake-up is the gateway’s', 0, 1, 1, 'writer="gateway",direction="from_zero"'],
    ['growth is the HPA’s', 1, 4, 1, 'writer="hpa",direction="up"'],
    ['shrinking is the HPA’s', 4, 1, 1, 'writer="hpa",direction="down"'],
    ['zero is the HPA’s where it goes there', 1, 0, 0, 'writer="hpa",direction="to_zero"'],
    ['zero is counted by the operator otherwise', 1, 0, 1, undefined],
    ['no change is nobody’s', 2, 2, 1, undefined],
  ])('%s', async (_name, from, to, minReplicas, expected) => {
    const stores = storesOf(minReplicas) as unknown as Parameters<typeof countScale>[2];
    const lines = await counted((metrics) => countScale(scaled(from), scaled(to), stores, metrics));
    expect(lines).toEqual(expected === undefined ? [] : [`fairlead_scale_changes_total{${expected}} 1`]);
  });
});

it('every metric of the operator is on the page of metrics', async () => {
  const registry = makeRegistry();
  makeKubeMetrics(registry);
  makeDomainMetrics(registry);
  declareEndpointsGauge(registry, () => []);
  makeAdmissionMetrics(registry, aConfig().limits);
  const page = readFileSync('docs/reference/metrics.md', 'utf8');
  const metrics = await registry.getMetricsAsJSON();
  const missing = metrics.map(({ name }) => name).filter((name) => !page.includes(`\`${name}\``));
  expect(missing).toEqual([]);
});
