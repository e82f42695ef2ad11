/** Owns a long-lived child process: started in a group of its own, its output in a log file, ended in order or by force. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { signalGroup } from '../../platform/processes/process-group.ts';
import type { Ending } from './lifetime.ts';

export interface ServiceProcess extends Ending {
  readonly pid: number;
  /** Resolves when it has ended, in whatever way, with how in words. */
  readonly ended: Promise<string>;
  /** Returns the last lines of its output, indented. */
  lastLines(count: number): string;
}

/**
 * Starts a program. Its standard input is a pipe that we hold: when we die, however that happens, the pipe closes, which
 * is how the program learns that nobody is left to stop it.
 */
export function startServiceProcess(
  name: string,
  command: readonly [string, ...string[]],
  options: { readonly logFile: string; readonly env: NodeJS.ProcessEnv },
): ServiceProcess {
  const [program, ...args] = command;
  const log = openSync(options.logFile, 'w');
  const child = spawn(program, args, { stdio: ['pipe', log, log], detached: true, env: options.env });
  closeSync(log);
  const pid = child.pid ?? 0;
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(signal ?? `exit status ${code ?? 'none'}`));
  });
  return {
    name,
    pid,
    ended,
    lastLines: (count) =>
      readFileSync(options.logFile, 'utf8')
        .trimEnd()
        .split('\n')
        .slice(-count)
        .map((line) => `    ${line}`)
        .join('\n'),
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
    },
    force: () => {
      if (pid !== 0) signalGroup(pid, 'SIGKILL');
    },
  };
}
