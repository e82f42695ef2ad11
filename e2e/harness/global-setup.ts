/** Owns the one cluster that all journeys of a run share: it starts before the first and ends after the last. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { makeHome } from '../../quickstart/home.ts';
import { Lifetime } from '../../quickstart/processes/lifetime.ts';
import { buildGoProgram } from './go-program.ts';
import { tellLogs } from './logs.ts';
import { prepare } from './prepare.ts';
import { helmProgram, kubectlProgram } from './programs.ts';
import { chooseTarget } from './targets/choose.ts';
import type { TargetName } from './targets/choose.ts';
import { startRealControlPlane } from './targets/control-plane.ts';
import { startDevcluster } from './targets/devcluster.ts';
import { useGivenCluster } from './targets/given-cluster.ts';
import type { Target } from './targets/run.ts';

const targets: Record<TargetName, Target> = {
  devcluster: startDevcluster,
  'control-plane': startRealControlPlane,
  given: useGivenCluster,
};

/**
 * Starts the cluster; what it returns ends it. Where vitest itself is ended (Ctrl-C), everything that was started notices
 * by its standard input and ends as well.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dir = mkdtempSync(join(tmpdir(), 'fairlead-e2e-'));
  const home = makeHome(dir);
  const lifetime = new Lifetime(20_000);
  const end = async (failed: boolean): Promise<void> => {
    if (failed) tellLogs(home.logs);
    await lifetime.end();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const { signal } = lifetime;
    signal.addEventListener('abort', () => {
      if (lifetime.failed) console.error(`e2e: ${lifetime.reason}`);
    });
    const interpreter = await prepare({ logFile: home.logFile('python'), signal, note });
    const go = { logFile: home.logFile('go'), signal };
    project.provide('kubectl', await buildGoProgram(kubectlProgram, go));
    project.provide('helm', await buildGoProgram(helmProgram, go));
    // `npm test` stays on this machine, whatever cluster a person has named for `npm run e2e`.
    const { E2E_TARGET } = process.env;
    const start = targets[E2E_TARGET === undefined ? 'devcluster' : chooseTarget(process.env, 'devcluster')];
    project.provide('cluster', await start({ home, lifetime, note, interpreter }));
  } catch (error) {
    await end(true);
    throw error;
  }
  return () => end(project.vitest.state.getCountOfFailedTests() > 0);
}

let lastNote = '';
function note(text: string): void {
  if (text !== lastNote) console.log(`e2e: ${text}`);
  lastNote = text;
}
