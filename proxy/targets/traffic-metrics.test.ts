import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { BoundedLabels, otherEndpoints } from './bounded-labels.ts';
import { TrafficMetrics } from './traffic-metrics.ts';

const start = (max: number): { metrics: TrafficMetrics; text: () => Promise<string> } => {
  const registry = new Registry();
  return {
    metrics: new TrafficMetrics(registry, new BoundedLabels(max)),
    text: () => registry.metrics(),
  };
};

it('counts each endpoint by itself, and all beyond the bound together', async () => {
  const { metrics, text } = start(1);
  metrics.of('team-a/wine').held('Dispatched');
  for (const name of ['b', 'c']) metrics.of(`team-a/${name}`).held('Dispatched');
  const counted = await text();
  expect(counted).toContain('hold_outcomes_total{endpoint="team-a/wine",outcome="Dispatched"} 1');
  expect(counted).toContain(`hold_outcomes_total{endpoint="${otherEndpoints}",outcome="Dispatched"} 2`);
});

it('forgets an endpoint that is gone, and has room for another then', async () => {
  const { metrics, text } = start(1);
  const wine = metrics.of('team-a/wine');
  wine.held('EvictedTTL');
  wine.retried('stale');
  wine.retryOverBudget();
  wine.ejected();
  wine.affinity('preferred');
  wine.fellBack();
  metrics.of('team-a/beer').fellBack();
  metrics.forget('team-a/wine');
  metrics.of('team-a/cider').fellBack();
  const counted = await text();
  expect(counted).not.toContain('team-a/wine');
  expect(counted).toContain('fallbacks_total{endpoint="team-a/cider"} 1');
  expect(counted).toContain(`fallbacks_total{endpoint="${otherEndpoints}"} 1`);
});

it('keeps what is counted together when one of those is gone', async () => {
  const { metrics, text } = start(0);
  metrics.of('team-a/wine').fellBack();
  metrics.forget('team-a/wine');
  expect(await text()).toContain(`fallbacks_total{endpoint="${otherEndpoints}"} 1`);
});
