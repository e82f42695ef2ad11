/** Owns a process under measurement: started, ready, its CPU time and memory read from /proc, stopped. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface MeasuredProcess {
  readonly pid: number;
  /** User and system time so far, in microseconds. */
  cpuMicroseconds(): number;
  /** Resident memory in MiB. */
  residentMiB(): number;
  /** The most resident memory that it ever had, in MiB. */
  peakResidentMiB(): number;
  /** It runs no more. */
  readonly ended: boolean;
  /** The end of what it has printed. */
  printed(): string;
  stop(): Promise<void>;
}

const startWithinMs = 15_000;
/** What runs now: a benchmark that fails leaves nothing behind. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
/** `getconf CLK_TCK` of every Linux that Node runs on. */
const microsecondsPerTick = 10_000;

/**
 * Starts `command` and resolves once `port` accepts connections.
 *
 * @throws Error when it does not in time, with the end of what it printed.
 */
export async function startMeasured(
  command: readonly [string, ...string[]],
  options: {
    readonly port: number;
    readonly host?: string;
    readonly env?: Record<string, string>;
    /** Default SIGTERM. */
    readonly stopSignal?: NodeJS.Signals;
  },
): Promise<MeasuredProcess> {
  const [program, ...args] = command;
  const child = spawn(program, args, {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  let printed = '';
  const keep = (text: Buffer): void => {
    printed = `${printed}${text.toString()}`.slice(-4_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const deadline = performance.now() + startWithinMs;
  while (!(await accepts(options.host ?? '127.0.0.1', options.port))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`${program} did not start:\n${printed}`);
    }
    await sleep(25);
  }
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} has no process id`);
  return {
    pid,
    cpuMicroseconds: () => cpuTicks(pid) * microsecondsPerTick,
    residentMiB: () => memoryMiB(pid, 'VmRSS'),
    peakResidentMiB: () => memoryMiB(pid, 'VmHWM'),
    get ended() {
      return child.exitCode !== null || child.signalCode !== null;
    },
    printed: () => printed,
    stop: () => stop(child, options.stopSignal ?? 'SIGTERM'),
  };
}

const memoryMiB = (pid: number, field: 'VmRSS' | 'VmHWM'): number =>
  Number(new RegExp(`${field}:\\s+([0-9]+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;

/** Fields 14 and 15 of /proc/pid/stat; the second one, the name, may hold spaces. */
function cpuTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const hangs = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await exited;
  clearTimeout(hangs);
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
