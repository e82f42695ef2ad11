/**
 * Owns the command `npm run e2e`: the journeys on a real control plane, or on the cluster that E2E_KUBECONFIG names. A
 * machine that cannot have a control plane runs them on the embedded cluster; with `--real-only` it leaves them out.
 * Other arguments select journeys: `npm run e2e -- first-light`.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { buildGoProgram, hasGo } from '../e2e/harness/go-program.ts';
import { checkOwnNetwork, inOwnNetwork } from '../e2e/harness/network-namespace.ts';
import { prepare } from '../e2e/harness/prepare.ts';
import { processesOf } from '../e2e/harness/processes.ts';
import { controlPlaneProgram, helmProgram, judgeProgram, kubectlProgram } from '../e2e/harness/programs.ts';
import { chooseTarget } from '../e2e/harness/targets/choose.ts';
import type { TargetName } from '../e2e/harness/targets/choose.ts';
import { AppError, messageOf, systemCodeOf } from '../platform/errors.ts';
import { signalGroup } from '../platform/processes/process-group.ts';
import { endWithSignalsAndParent, Lifetime } from '../quickstart/processes/lifetime.ts';
import { repository } from '../quickstart/settings.ts';
import { lineOf, noTests } from './test-counts.ts';
import type { TestCounts } from './test-counts.ts';
import { makeListCommand, makeVitestCommand, readReport, readVitestCounts, results } from './vitest-run.ts';

const say = (text: string): void => console.log(`e2e: ${text}`);
const endTimeoutMs = 40_000;

/** Returns why this machine cannot run a control plane, in words, or undefined. */
function checkControlPlane(): string | undefined {
  if (!hasGo()) return 'there is no Go to build it with';
  const obstacle = checkOwnNetwork();
  return obstacle === undefined ? undefined : `this user cannot make a network namespace: ${obstacle}`;
}

/** Makes what journeys need while there still is a network. */
async function prepareAll(target: TargetName, signal: AbortSignal): Promise<void> {
  await prepare({ logFile: join(results, 'python.log'), signal, note: say });
  const programs = [
    kubectlProgram,
    helmProgram,
    judgeProgram,
    ...(target === 'control-plane' ? [controlPlaneProgram] : []),
  ];
  for (const program of programs) {
    const seconds = setTimeout(() => say(`building ${program.name} (minutes, once)`), 3_000);
    const options = { logFile: join(results, 'go.log'), signal };
    await buildGoProgram(program, options).finally(() => clearTimeout(seconds));
  }
}

/** Runs the journeys in sight of the person. Everything they start has `scratch` as its temporary folder. */
async function runJourneys(
  target: TargetName,
  selection: readonly string[],
  { scratch, lifetime }: { readonly scratch: string; readonly lifetime: Lifetime },
): Promise<TestCounts> {
  const file = join(scratch, 'report.json');
  const command = makeVitestCommand(file, ['--project', 'e2e', ...selection]);
  const [program, ...args] = target === 'control-plane' ? inOwnNetwork(command) : command;
  // A process group of its own: Ctrl-C reaches it once, by us.
  const child = spawn(program, args, {
    cwd: repository,
    env: { ...process.env, TMPDIR: scratch, E2E_TARGET: target },
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  const send = (signal: NodeJS.Signals): void => {
    if (child.pid !== undefined) signalGroup(child.pid, signal);
  };
  const { promise: ended, resolve, reject } = Promise.withResolvers<number | null>();
  child.once('close', resolve).once('error', reject);
  lifetime.signal.addEventListener('abort', () => send('SIGINT'));
  lifetime.add({ name: 'journeys', stop: () => ended.then(() => undefined), force: () => send('SIGKILL') });
  return readVitestCounts(file, (await ended) === 0);
}

/** What a run has started ends by itself once vitest has ended; what does not is ended here. */
async function endLeftovers(scratch: string): Promise<void> {
  const deadline = performance.now() + endTimeoutMs;
  let left = processesOf(scratch);
  while (left.length > 0 && performance.now() < deadline) {
    await delay(100);
    left = processesOf(scratch);
  }
  for (const line of left) {
    say(`ending by force: ${line}`);
    kill(Number.parseInt(line, 10));
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It has ended by itself meanwhile.
    if (systemCodeOf(error) !== 'ESRCH') throw error;
  }
}

/** Returns how many journeys there are, all of them left out. */
function leaveOut(selection: readonly string[]): TestCounts {
  const file = join(results, 'e2e-list.json');
  const [program, ...args] = makeListCommand(file, ['--project', 'e2e', ...selection]);
  spawnSync(program, args, { cwd: repository, stdio: 'ignore' });
  const report = readReport(file);
  return { ...noTests, skipped: report === '' ? 1 : (JSON.parse(report) as unknown[]).length };
}

async function main(lifetime: Lifetime): Promise<TestCounts> {
  const { values, positionals } = parseArgs({
    options: { 'real-only': { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  mkdirSync(results, { recursive: true });
  let target = chooseTarget(process.env, 'control-plane');
  const obstacle = target === 'control-plane' ? checkControlPlane() : undefined;
  if (obstacle !== undefined) {
    say(
      `no real control plane on this machine (${obstacle}): the journeys ${values['real-only'] ? 'are left out' : 'run on the embedded cluster'}`,
    );
    if (values['real-only']) return leaveOut(positionals);
    target = 'devcluster';
  }
  await prepareAll(target, lifetime.signal);
  const scratch = mkdtempSync(join(tmpdir(), 'fairlead-journeys-'));
  try {
    return await runJourneys(target, positionals, { scratch, lifetime });
  } finally {
    await endLeftovers(scratch);
    rmSync(scratch, { recursive: true, force: true });
  }
}

const lifetime = new Lifetime(endTimeoutMs);
endWithSignalsAndParent(lifetime);
let counts: TestCounts;
try {
  counts = await main(lifetime);
} catch (error) {
  if (lifetime.reason === '')
    say(`${messageOf(error)}${error instanceof AppError ? ` (${error.code})` : ''}`);
  counts = { ...noTests, failed: 1 };
}
if (lifetime.reason !== '') say(`stopped (${lifetime.reason})`);
console.log(lineOf(counts));
process.exit(counts.failed === 0 ? 0 : 1);
