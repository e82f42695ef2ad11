import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const script = `
  import { compactHeap } from ${JSON.stringify(join(import.meta.dirname, 'compact-heap.ts'))};
  let garbage = Array.from({ length: 200_000 }, (_, index) => ({ index }));
  const before = process.memoryUsage().heapUsed;
  garbage = undefined;
  compactHeap();
  process.stdout.write(String(process.memoryUsage().heapUsed < before / 2));
`;
const run = (...flags: string[]): string =>
  execFileSync(process.execPath, [...flags, '--input-type=module', '--eval', script], { encoding: 'utf8' });

it('gives back what is not needed any more', () => {
  expect(run('--expose-gc')).toBe('true');
});

it('does nothing where the collector is out of reach', () => {
  expect(run()).toBe('false');
});
