/**
 * Owns a program that runs commands on a real control plane of its own, empty and without nodes; its network has to be its
 * own as well. `node on-own-control-plane.ts <controlplane> <folder>` reads the commands from its standard input, as a JSON
 * list of lists of words, and writes what became of each as JSON.
 */
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Lifetime } from '../../quickstart/processes/lifetime.ts';
import { startControlPlane } from '../controlplane/start.ts';
import { runProgram } from '../harness/run-program.ts';
import type { ProgramResult } from '../harness/run-program.ts';

const [program = '', dir = ''] = process.argv.slice(2);
const commands = JSON.parse(await text(process.stdin)) as [string, ...string[]][];
const lifetime = new Lifetime(10_000);
try {
  const { kubeconfig } = await startControlPlane({
    program,
    dir,
    logFile: (component) => join(dir, `${component}.log`),
    lifetime,
  });
  const results: ProgramResult[] = [];
  const env = { KUBECONFIG: kubeconfig, KUBECACHEDIR: join(dir, 'kubectl'), HOME: dir };
  for (const [path, ...args] of commands) results.push(await runProgram(path, args, { env }));
  process.stdout.write(JSON.stringify(results));
} finally {
  await lifetime.end();
}
