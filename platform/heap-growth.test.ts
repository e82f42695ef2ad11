import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/** Turns over objects that live long enough to become old, and returns how often the whole heap was collected. */
const script = (percent: number): string => `
  import { PerformanceObserver, constants } from 'node:perf_hooks';
  import { setHeapGrowth } from ${JSON.stringify(join(import.meta.dirname, 'heap-growth.ts'))};
  if (${percent} > 0) setHeapGrowth(${percent});
  let major = 0;
  const observer = new PerformanceObserver((list) => {
    for (const { detail } of list.getEntries()) if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) major += 1;
  });
  observer.observe({ entryTypes: ['gc'] });
  const ring = Array.from({ length: 20_000 });
  for (let turn = 0; turn < 40; turn += 1) {
    for (let index = 0; index < ring.length; index += 1) ring[index] = { turn, text: String(index) + turn };
    await new Promise((resolve) => setImmediate(resolve));
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  process.stdout.write(String(major));
`;

const majorCollections = (percent: number): number =>
  Number(
    execFileSync(
      process.execPath,
      [
        ...['--max-old-space-size=96', '--max-semi-space-size=2'],
        ...['--input-type=module', '--eval', script(percent)],
      ],
      { encoding: 'utf8' },
    ),
  );

it('makes collections of the whole heap rare', () => {
  expect(majorCollections(300)).toBeLessThan(majorCollections(0));
});
