import { describe, expect, it } from 'vitest';
import { makeRegistry, registerGauge } from './metrics.ts';

describe('the metrics of a process', () => {
  it.each([
    ['its CPU time', 'fairlead_process_cpu_seconds_total'],
    ['its memory', 'fairlead_process_resident_memory_bytes'],
    ['its heap', 'fairlead_nodejs_heap_size_used_bytes'],
    ['its start', 'fairlead_process_start_time_seconds'],
  ])('tell %s', async (_row, name) => {
    const { values } = (await makeRegistry().getSingleMetric(name)?.get()) ?? { values: [] };
    expect(values[0]?.value).toBeGreaterThan(0);
  });

  it('tell CPU time as a whole at each scrape, not what was added to it', async () => {
    const metric = makeRegistry().getSingleMetric('fairlead_process_cpu_seconds_total');
    await metric?.get();
    const { values } = (await metric?.get()) ?? { values: [] };
    const { user, system } = process.cpuUsage();
    expect(values[0]?.value).toBeLessThanOrEqual((user + system) / 1e6);
  });

  it('tell how busy the event loop is, as a share', async () => {
    const { values } = (await makeRegistry()
      .getSingleMetric('fairlead_nodejs_eventloop_utilization')
      ?.get()) ?? { values: [] };
    expect(values[0]?.value).toBeGreaterThanOrEqual(0);
    expect(values[0]?.value).toBeLessThanOrEqual(1);
  });

  it('read a gauge when they are scraped', async () => {
    const registry = makeRegistry();
    let held = 1;
    registerGauge(registry, 'held', 'Held.', () => held);
    held = 2;
    expect(await registry.metrics()).toContain('held 2');
  });
});
