/**
 * Owns the command `npm test`: every test that needs no real cluster, and one line at the end that sums them up.
 * With arguments (`npm test -- operator`) it runs only the TypeScript tests that they select.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { AppError, messageOf } from '../platform/errors.ts';
import { findPython } from '../quickstart/machine/python.ts';
import { interpreterOf, makeEnvironment, testLocks } from '../quickstart/python/environment.ts';
import { repository } from '../quickstart/settings.ts';
import { buildBundles } from '../image/bundles.ts';
import { addCounts, countJunit, honest, lineOf, noTests } from './test-counts.ts';
import type { TestCounts } from './test-counts.ts';
import { installTestPrograms } from './test-programs.ts';
import { makeVitestCommand, readReport, readVitestCounts, results } from './vitest-run.ts';

/** Runs a command in sight of the person; returns whether it succeeded. */
function run(command: string, args: readonly string[], cwd = repository): boolean {
  return spawnSync(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
}

function testTypeScript(selection: readonly string[]): TestCounts {
  const file = join(results, 'vitest.json');
  const [node, ...args] = makeVitestCommand(file, selection);
  return readVitestCounts(file, run(node, args));
}

async function testPython(): Promise<TestCounts> {
  const dir = join(repository, '.fairlead', 'python-test');
  const note = (text: string): void => console.log(`runtime-image: ${text}`);
  const options = { logFile: join(results, 'python.log'), signal: new AbortController().signal, note };
  await makeEnvironment({ dir, python: findPython(), locks: testLocks }, options);
  const file = join(results, 'pytest.xml');
  const succeeded = run(
    interpreterOf(dir),
    ['-m', 'pytest', `--junitxml=${file}`],
    join(repository, 'runtime-image'),
  );
  return honest(countJunit(readReport(file)), succeeded);
}

async function main(selection: readonly string[]): Promise<TestCounts> {
  rmSync(results, { recursive: true, force: true });
  mkdirSync(results, { recursive: true });
  installTestPrograms((text) => console.log(text));
  await buildBundles();
  const typeScript = testTypeScript(selection);
  return selection.length > 0 ? typeScript : addCounts(typeScript, await testPython());
}

let counts: TestCounts;
try {
  counts = await main(process.argv.slice(2));
} catch (error) {
  console.error(`npm test: ${messageOf(error)}${error instanceof AppError ? ` (${error.code})` : ''}`);
  counts = { ...noTests, failed: 1 };
}
console.log(lineOf(counts));
process.exitCode = counts.failed === 0 ? 0 : 1;
