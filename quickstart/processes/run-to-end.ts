/** Owns commands that run to their end, with their output in a log file. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { AppError } from '../../platform/errors.ts';
import { signalGroup } from '../../platform/processes/process-group.ts';

/**
 * Runs a command and resolves when it ended well. An abort ends the command and everything that it started.
 *
 * @throws AppError `COMMAND_MISSING`; `COMMAND_FAILED` with the last lines of its output and the log file; the reason
 *   of an abort.
 */
export async function runToEnd(
  command: string,
  args: readonly string[],
  options: {
    /** What is being done, in words for the error. */
    readonly what: string;
    readonly logFile: string;
    readonly signal: AbortSignal;
    readonly env?: NodeJS.ProcessEnv;
    readonly cwd?: string;
  },
): Promise<void> {
  const { what, logFile, signal } = options;
  signal.throwIfAborted();
  const log = openSync(logFile, 'a');
  // A process group of its own: Ctrl-C in a terminal must not reach it behind our back, and the abort reaches all of it.
  const child = spawn(command, args, {
    stdio: ['ignore', log, log],
    detached: true,
    env: options.env ?? process.env,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  closeSync(log);
  const onAbort = (): void => {
    if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
  };
  signal.addEventListener('abort', onAbort);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('close', resolve);
    child.once('error', (error) => {
      reject(
        new AppError('COMMAND_MISSING', `${what} failed: ${command} cannot be started`, { cause: error }),
      );
    });
  }).finally(() => signal.removeEventListener('abort', onAbort));
  signal.throwIfAborted();
  if (code !== 0) throw commandFailed(what, code, logFile);
}

function commandFailed(what: string, code: number | null, logFile: string): AppError {
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-5);
  return new AppError(
    'COMMAND_FAILED',
    `${what} failed (exit status ${code ?? 'none'}); the whole output is in ${logFile}, its end:\n` +
      lines.map((line) => `    ${line}`).join('\n'),
  );
}
