import { Histogram, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { Distribution, registerSeries } from './metric-series.ts';

describe('registerSeries', () => {
  it('scrapes numbers that somebody else keeps', async () => {
    const registry = new Registry();
    let served = 1;
    registerSeries(registry, {
      name: 'served_total',
      help: 'Served.',
      type: 'counter',
      read: () => [{ labels: { who: 'a"b' }, value: served }],
    });
    served += 1;
    expect(await registry.metrics()).toBe(
      '# HELP served_total Served.\n# TYPE served_total counter\nserved_total{who="a\\"b"} 2\n',
    );
  });

  it('takes a name once', () => {
    const registry = new Registry();
    const series = { name: 'a_total', help: 'A.', type: 'counter', read: () => [] } as const;
    registerSeries(registry, series);
    expect(() => registerSeries(registry, series)).toThrow(/already been registered/);
  });
});

it('a distribution reads as the histogram of the library does', async () => {
  const bounds = [0.1, 1, 10];
  const values = [0, 0.1, 0.11, 1, 9.5, 10, 10.1, 1e9];
  const theirs = new Registry();
  const histogram = new Histogram({
    name: 'h',
    help: 'H.',
    labelNames: ['a'],
    buckets: bounds,
    registers: [theirs],
  });
  const ours = new Registry();
  const distribution = new Distribution(bounds);
  const read = () => distribution.samples('h', { a: 'x' });
  registerSeries(ours, { name: 'h', help: 'H.', type: 'histogram', read });
  for (const value of values) {
    histogram.observe({ a: 'x' }, value);
    distribution.observe(value);
  }
  const sorted = async (registry: Registry): Promise<string[]> =>
    (await registry.metrics())
      .split('\n')
      .map((line) => line.replace(/\{(.*)\}/, (_all, labels: string) => labels.split(',').sort().join(',')))
      .sort();
  expect(await sorted(ours)).toEqual(await sorted(theirs));
});
