/** Owns `npm start`: from a fresh clone to a real model's answer, until Ctrl-C ends every process that it started. */
import { readFileSync } from 'node:fs';
import { AppError, messageOf } from '../platform/errors.ts';
import { buildBundles } from '../image/bundles.ts';
import { connect } from './cluster/connect.ts';
import { startCluster } from './cluster/devcluster-process.ts';
import { installFairlead } from './cluster/install.ts';
import { ask } from './endpoint/ask.ts';
import { applyExample, exampleRef } from './endpoint/example.ts';
import { nextSteps } from './endpoint/next-steps.ts';
import { waitUntilReady } from './endpoint/wait-ready.ts';
import { makeHome } from './home.ts';
import { trainIris, trackingUriOf } from './iris/iris-model.ts';
import { checkMachine } from './machine/check-machine.ts';
import { endWithSignalsAndParent, Lifetime } from './processes/lifetime.ts';
import { claimPidFile } from './processes/pid-file.ts';
import { Progress } from './progress.ts';
import { interpreterOf, makeEnvironment, servingLocks } from './python/environment.ts';
import { readSettings } from './settings.ts';
import type { Settings } from './settings.ts';

async function start({ port, home: dir }: Settings, progress: Progress, lifetime: Lifetime): Promise<void> {
  const { signal } = lifetime;
  const home = makeHome(dir);
  const interpreter = interpreterOf(home.python);
  lifetime.add(await claimPidFile(home.pidFile));

  const python = await progress.step('This machine', () => checkMachine(home, port));
  await progress.step('Python environment', (note) =>
    makeEnvironment(
      { dir: home.python, python, locks: servingLocks },
      { logFile: home.logFile('python'), signal, note },
    ),
  );
  await progress.step('Bundles', () => buildBundles());

  const training = trainIris({
    interpreter,
    registry: home.registry,
    logFile: home.logFile('training'),
    signal,
  });
  // Awaited below; until then a failure must not count as an unhandled rejection.
  training.catch(() => undefined);
  await progress.step('Embedded cluster', () => startCluster({ home, interpreter, lifetime }));
  const client = connect(home.kubeconfig, lifetime);
  await progress.step('CRDs, operator, gateway and API', (note) =>
    installFairlead(client, {
      port,
      trackingUri: trackingUriOf(home.registry),
      logs: home.logs,
      note,
      signal,
    }),
  );
  await progress.step('Model models:/iris/1', () => training);
  await progress.step('Endpoint iris', async (note) => {
    await applyExample(client);
    await waitUntilReady(client, exampleRef, { timeoutMs: 180_000, logs: home.logs, signal, note });
  });

  const url = `http://127.0.0.1:${port}/serving-endpoints/${exampleRef.name}/invocations`;
  const token = readFileSync(home.token, 'utf8').trim();
  const answer = await progress.step('First request', () => ask(url, token, signal));
  progress.say(
    `\nReady after ${progress.elapsed()}. The model ${answer.servedModel} answered: ${answer.body}\n`,
  );
  progress.say(
    nextSteps({ url, token: home.token, kubeconfig: home.kubeconfig, logs: home.logs, cwd: process.cwd() }),
  );
  progress.say('\nIt stays until Ctrl-C.');
  await lifetime.untilStopped();
}

const progress = new Progress(process.stdout);
const lifetime = new Lifetime(10_000);
endWithSignalsAndParent(lifetime);
let failure: unknown;
try {
  await start(readSettings({ argv: process.argv.slice(2), env: process.env }), progress, lifetime);
} catch (error) {
  // What breaks because somebody asked for the end is no failure.
  if (lifetime.reason === '') failure = error;
}
if (failure !== undefined) {
  const code = failure instanceof AppError ? ` (${failure.code})` : '';
  progress.say(`\nfairlead: ${messageOf(failure)}${code}`);
}
if (lifetime.reason !== '') progress.say(`\nStopping (${lifetime.reason}) …`);
const forced = await lifetime.end();
if (lifetime.reason !== '') progress.say(forced ? 'Stopped by force.' : 'Stopped; no process is left.');
process.exit(failure === undefined && !lifetime.failed && !forced ? 0 : 1);
