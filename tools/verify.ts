/**
 * Owns `npm run verify`: runs every check one after the other and stops at the first that fails.
 * `--without-tests` leaves out the tests, for a machine that runs them by themselves.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { StepResult, VerifyStep } from './verify-steps.ts';
import { reportOf, verifySteps } from './verify-steps.ts';

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({ options: { 'without-tests': { type: 'boolean', default: false } } });

/** Shows the output of a short step only when it failed, and then all of it. */
function run(step: VerifyStep): StepResult {
  console.log(`verify: ${step.name} …`);
  const started = performance.now();
  const { status, error, stdout, stderr } = spawnSync(process.execPath, step.command, {
    cwd: root,
    stdio: step.isLong === true ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: Number.POSITIVE_INFINITY,
  });
  const seconds = (performance.now() - started) / 1000;
  if (status === 0) return { step, outcome: 'passed', seconds };
  if (step.isLong !== true) console.log(`${stdout}${stderr}`);
  if (error !== undefined) console.log(`verify: ${step.command[0]} could not be run: ${error.message}`);
  return { step, outcome: 'failed', seconds };
}

const steps = verifySteps.filter(({ name }) => !(values['without-tests'] && name === 'tests'));
const results: StepResult[] = [];
for (const step of steps) {
  const hasFailed = results.some(({ outcome }) => outcome === 'failed');
  results.push(hasFailed ? { step, outcome: 'not run' } : run(step));
}
console.log(`\n${reportOf(results)}`);
process.exitCode = results.every(({ outcome }) => outcome === 'passed') ? 0 : 1;
