/** Owns the order in which a pod's containers end: main containers together, then sidecars from the last to the first. */
import type { ContainerRunner } from './container-runner.ts';
import type { Grace } from './grace.ts';

/**
 * Ends all containers and returns when their processes are gone. preStop hooks run at once; a sidecar gets SIGTERM
 * only when everything that was started after it has ended, or when the grace is over.
 */
export async function endContainers(
  runners: readonly ContainerRunner[],
  grace: Grace,
  which: 'all' | 'sidecars' = 'all',
): Promise<void> {
  const sidecars = runners.filter(({ known }) => known.role === 'sidecar').reverse();
  const others = which === 'all' ? runners.filter(({ known }) => known.role !== 'sidecar') : [];
  for (const runner of [...others, ...sidecars]) {
    if (runner.isRunning)
      runner.record('Normal', 'Killing', `Stopping container ${runner.known.container.name}`);
  }
  let before: Promise<unknown> = Promise.all(others.map((runner) => runner.stop(grace)));
  const all = [before];
  for (const sidecar of sidecars) {
    before = sidecar.stop(grace, before);
    all.push(before);
  }
  await Promise.all(all);
}
