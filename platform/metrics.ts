/** Owns the metrics registry of a process; components declare their own metrics on the registry they are given. */
import { Counter, Gauge, Registry } from 'prom-client';

export type { Registry } from 'prom-client';

/**
 * Returns a registry with the metrics of the process itself on it: CPU time, memory, and how busy the event loop is.
 * All are read when they are scraped. The default set of prom-client also has a timer that fires 100 times a second,
 * which costs an idle sidecar more CPU time than all else.
 */
export function makeRegistry(): Registry {
  const registry = new Registry();
  const registers = [registry];
  new Counter({
    name: 'fairlead_process_cpu_seconds_total',
    help: 'User and system CPU time of the process.',
    registers,
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  const gauges: readonly (readonly [name: string, help: string, read: () => number])[] = [
    ['process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss()],
    ['nodejs_heap_size_used_bytes', 'JavaScript heap in use.', () => process.memoryUsage().heapUsed],
    ['nodejs_external_memory_bytes', 'Buffers beside the heap.', () => process.memoryUsage().external],
    ['process_start_time_seconds', 'Start, since the epoch.', () => performance.timeOrigin / 1000],
  ];
  for (const [name, help, read] of gauges) registerGauge(registry, `fairlead_${name}`, help, read);
  let last = performance.eventLoopUtilization();
  registerGauge(
    registry,
    'fairlead_nodejs_eventloop_utilization',
    'Share of the time since the last scrape in which the event loop had work.',
    () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, last);
      last = now;
      return utilization;
    },
  );
  return registry;
}

/** Registers a gauge that is read when it is scraped. */
export function registerGauge(registry: Registry, name: string, help: string, read: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(read());
    },
  });
}
