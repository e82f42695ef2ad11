/** Owns short commands in a container's world: exec probes and lifecycle hooks. */
import { spawn } from 'node:child_process';
import { AppError } from '../../../platform/errors.ts';
import { signalGroup } from '../../../platform/processes/process-group.ts';
import type { ProcessRecords } from '../../../platform/processes/process-records.ts';

export interface CommandWorld {
  readonly workingDir: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly records: ProcessRecords;
  /** `namespace/pod/container`. */
  readonly owner: string;
}

/** As much output as kubelet keeps of a probe. */
const maxOutput = 10 * 1024;

/**
 * Runs `command` to its end, killing its process group at the timeout or when `signal` aborts.
 *
 * @throws AppError `CONTAINER_COMMAND_FAILED` where it cannot be started.
 */
export async function runCommand(
  world: CommandWorld,
  command: readonly string[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<{ exitCode: number; output: string; timedOut: boolean }> {
  const [program = '', ...args] = command;
  const child = spawn(program, args, {
    cwd: world.workingDir,
    env: { ...world.environment },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(0, maxOutput);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  let timedOut = false;
  const kill = (): void => {
    if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL');
  };
  const timer = setTimeout(() => {
    timedOut = true;
    kill();
  }, timeoutMs);
  signal.addEventListener('abort', kill, { once: true });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      kill();
      resolve(code ?? 137);
    });
  });
  try {
    if (child.pid !== undefined) await world.records.add(child.pid, world.owner);
    const exitCode = await ended;
    if (child.pid !== undefined) await world.records.remove(child.pid);
    return { exitCode, output: output.trim(), timedOut };
  } catch (error) {
    kill();
    throw new AppError('CONTAINER_COMMAND_FAILED', `cannot run "${program}"`, { cause: error });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', kill);
  }
}
