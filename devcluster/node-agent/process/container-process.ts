/** Owns one process of a container: its own process group, its output in the log, its end as an exit code. */
import { spawn } from 'node:child_process';
import type { ChildProcess, ChildProcessByStdio } from 'node:child_process';
import { statSync } from 'node:fs';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import type { Clock } from '../../../platform/clock.ts';
import { AppError, systemCodeOf } from '../../../platform/errors.ts';
import type { Logger } from '../../../platform/logging.ts';
import { signalGroup } from '../../../platform/processes/process-group.ts';
import type { ProcessRecords } from '../../../platform/processes/process-records.ts';
import { LogFile } from './log-file.ts';

export interface ProcessSpec {
  readonly command: readonly string[];
  readonly workingDir: string;
  /** The whole environment; nothing of the agent's own is added. */
  readonly environment: Readonly<Record<string, string>>;
  readonly logPath: string;
  /** `namespace/pod/container`. */
  readonly owner: string;
}

export interface ContainerProcess {
  readonly pid: number;
  /** Ends with the exit code; 128 + n where signal n ended it. Its process group is gone by then. */
  readonly exited: Promise<number>;
  /** Signals the whole process group. */
  signal(signal: NodeJS.Signals): void;
}

/** A child of the container that left the group keeps the output open: this long its last words are waited for. */
const lastOutputMs = 500;

/**
 * Starts a process and returns once it runs.
 *
 * @throws AppError `CONTAINER_START_FAILED` with the cause in words.
 */
export async function startContainerProcess(
  spec: ProcessSpec,
  parts: { readonly records: ProcessRecords; readonly clock: Clock; readonly log: Logger },
): Promise<ContainerProcess> {
  const [program = ''] = spec.command;
  checkWorkingDir(spec.workingDir);
  const log = new LogFile(spec.logPath);
  const child = spawnChild(spec, log);
  const write = makeWriter(log, spec, parts);
  child.stdout.on('data', write);
  child.stderr.on('data', write);
  const exited = exitOf(child).then((code) => {
    log.close();
    return code;
  });
  try {
    await started(child);
  } catch (error) {
    log.close();
    throw startError(program, error);
  }
  const pid = child.pid ?? 0;
  try {
    await parts.records.add(pid, spec.owner);
  } catch (error) {
    // Without a note nobody would find it after a crash, and without us nobody ends it now.
    signalGroup(pid, 'SIGKILL');
    await exited;
    throw new AppError('CONTAINER_START_FAILED', 'the process cannot be noted down', { cause: error });
  }
  return {
    pid,
    exited: exited.then(async (code) => {
      await parts.records.remove(pid).catch((error: unknown) => {
        // No harm: a later process with this id starts at another time than the note says.
        parts.log.warn({ error, owner: spec.owner }, 'the note of a process cannot be removed');
      });
      return code;
    }),
    signal: (signal) => void signalGroup(pid, signal),
  };
}

function spawnChild(spec: ProcessSpec, log: LogFile): ChildProcessByStdio<null, Readable, Readable> {
  const [program = '', ...args] = spec.command;
  try {
    return spawn(program, args, {
      cwd: spec.workingDir,
      env: { ...spec.environment },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  } catch (error) {
    // Words that no system call takes: with a null byte in them, say.
    log.close();
    throw startError(program, error);
  }
}

/** A disk that is full costs the container its words, and nobody anything else. */
function makeWriter(
  log: LogFile,
  spec: ProcessSpec,
  parts: { readonly clock: Clock; readonly log: Logger },
): (chunk: Buffer) => void {
  let failed = false;
  return (chunk) => {
    try {
      log.append(chunk, parts.clock.now());
    } catch (error) {
      if (!failed) parts.log.warn({ error, owner: spec.owner }, 'output of a container cannot be kept');
      failed = true;
    }
  };
}

function started(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
}

/** A container ends with its first process: what is left of the group is killed, and the output is read to its end. */
function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
      const exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
      const giveUp = setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, lastOutputMs);
      child.once('close', () => {
        clearTimeout(giveUp);
        resolve(exitCode);
      });
    });
  });
}

function checkWorkingDir(path: string): void {
  try {
    if (statSync(path).isDirectory()) return;
  } catch {
    // Told below, in the same words as a path that is no directory.
  }
  throw new AppError(
    'CONTAINER_START_FAILED',
    `the working directory ${path} does not exist on this machine`,
  );
}

function startError(program: string, error: unknown): AppError {
  const words: Record<string, string> = {
    ENOENT: 'executable file not found in $PATH',
    EACCES: 'permission denied',
  };
  const known = words[systemCodeOf(error) ?? ''];
  const message = `exec: "${program}"${known === undefined ? '' : `: ${known}`}`;
  return new AppError('CONTAINER_START_FAILED', message, known === undefined ? { cause: error } : {});
}
