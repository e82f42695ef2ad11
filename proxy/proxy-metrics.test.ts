import { Registry } from 'prom-client';
import { beforeEach, describe, expect, it } from 'vitest';
import { ProxyMetrics } from './proxy-metrics.ts';

let registry: Registry;
let metrics: ProxyMetrics;
beforeEach(() => {
  registry = new Registry();
  metrics = new ProxyMetrics(registry);
});

const lines = async (name: string): Promise<string[]> =>
  (await registry.metrics()).split('\n').filter((line) => line.startsWith(`${name}{`));

describe('requests', () => {
  it('are counted by endpoint, entity and status, and timed', async () => {
    metrics.countAnswer('team-a/wine', 'wine-1', 200, 0.002);
    metrics.countAnswer('team-a/wine', 'wine-1', 200, 4);
    metrics.countAnswer('team-a/wine', 'wine-1', 429, 0.0001);
    expect(await lines('fairlead_proxy_requests_total')).toEqual([
      'fairlead_proxy_requests_total{endpoint="team-a/wine",served_entity="wine-1",code="200"} 2',
      'fairlead_proxy_requests_total{endpoint="team-a/wine",served_entity="wine-1",code="429"} 1',
    ]);
    const buckets = await lines('fairlead_proxy_request_duration_seconds_bucket');
    expect(buckets.map((line) => Number(line.slice(line.lastIndexOf(' '))))).toEqual([
      1,
      ...Array<number>(10).fill(2),
      ...Array<number>(6).fill(3),
    ]);
  });

  it.each<[string, number, string]>([
    ['a status of HTTP', 418, '418'],
    ['a caller who went away', 499, '499'],
    ['whatever a model makes up', 599, '5xx'],
  ])('of %s have a label', async (_name, status, label) => {
    metrics.countAnswer('a/b', 'c', status, 0);
    expect(await lines('fairlead_proxy_requests_total')).toEqual([
      expect.stringContaining(`code="${label}"`),
    ]);
  });

  it('of no endpoint are counted together, whatever they asked for', async () => {
    metrics.countAnswer('', '', 404, 0);
    metrics.countRefusal('', 'unknown_path');
    expect(await lines('fairlead_proxy_dropped_total')).toEqual([
      'fairlead_proxy_dropped_total{endpoint="_none",reason="unknown_path"} 1',
    ]);
  });
});

describe('labels', () => {
  it('end at a thousand endpoints; the rest is counted together', async () => {
    for (let index = 0; index < 1_200; index += 1) metrics.countAnswer(`a/e${index}`, `m${index}`, 200, 0);
    const requests = await lines('fairlead_proxy_requests_total');
    expect(requests).toHaveLength(1_001);
    expect(requests.at(-1)).toBe(
      'fairlead_proxy_requests_total{endpoint="_other",served_entity="_other",code="200"} 200',
    );
  });

  it('end at 64 entities of one endpoint', async () => {
    for (let index = 0; index < 100; index += 1) metrics.countAnswer('a/b', `m${index}`, 200, 0);
    const requests = await lines('fairlead_proxy_requests_total');
    expect(requests).toHaveLength(65);
    expect(requests.at(-1)).toContain('served_entity="_other",code="200"} 36');
  });

  it('of an endpoint that is gone make room for another', async () => {
    for (let index = 0; index < 1_000; index += 1) metrics.countAnswer(`a/e${index}`, 'm', 200, 0);
    metrics.forget('a/e7');
    metrics.countAnswer('a/new', 'm', 200, 0);
    const requests = await lines('fairlead_proxy_requests_total');
    expect(requests.filter((line) => /"(a\/e7|a\/new|_other)"/.test(line))).toEqual([
      expect.stringContaining('a/new'),
    ]);
  });
});

it('tokens are counted by kind, those that are estimated apart', async () => {
  metrics.countTokens('a/b', 'c', { inputTokens: 5, outputTokens: 7, estimated: false });
  metrics.countTokens('a/b', 'c', { inputTokens: 1, outputTokens: 0, estimated: true });
  expect(await lines('fairlead_proxy_tokens_total')).toEqual([
    'fairlead_proxy_tokens_total{endpoint="a/b",served_entity="c",kind="input",estimated="false"} 5',
    'fairlead_proxy_tokens_total{endpoint="a/b",served_entity="c",kind="output",estimated="false"} 7',
    'fairlead_proxy_tokens_total{endpoint="a/b",served_entity="c",kind="input",estimated="true"} 1',
  ]);
});
