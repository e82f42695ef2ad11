/** Owns what is known of the machine that figures were measured on, and of what else kept it busy. */
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
}

/** Returns the machine. */
export const machineOf = (): Machine => ({
  cpu: cpus()[0]?.model ?? 'unknown CPU',
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  kernel: `Linux ${release()}`,
});

/** How busy the machine is while the benchmark does nothing. */
export interface Idleness {
  /** Load average of one minute. */
  readonly load: number;
  /** Share of all cores, from 0 to 1, that somebody used in the time that was looked at. */
  readonly busy: number;
}

const lookMs = 2_000;

/** Looks for two seconds at what others do; to be called while nothing of the benchmark runs. */
export async function lookAtIdleness(): Promise<Idleness> {
  const before = readTicks();
  await sleep(lookMs);
  const { total, idle } = ticksBetween(before, readTicks());
  return { load: loadavg()[0] ?? Number.NaN, busy: total === 0 ? 0 : 1 - idle / total };
}

/** Time of all cores so far, in ticks. */
export interface CoreTicks {
  readonly total: number;
  readonly idle: number;
  /** Taken by the hypervisor for its other guests. */
  readonly stolen: number;
}

/** Returns the time of all cores since the machine was started. */
export const readTicks = (): CoreTicks => parseTicks(readFileSync('/proc/stat', 'utf8'));

/** Returns the sums in the first line of /proc/stat (proc(5)); guests' time is part of users' time there. */
export function parseTicks(stat: string): CoreTicks {
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, stolen = 0] =
    /^cpu +(.*)$/m.exec(stat)?.[1]?.split(' ').map(Number) ?? [];
  const total = user + nice + system + idle + iowait + irq + softirq + stolen;
  return { total, idle: idle + iowait, stolen };
}

export const ticksBetween = (before: CoreTicks, after: CoreTicks): CoreTicks => ({
  total: after.total - before.total,
  idle: after.idle - before.idle,
  stolen: after.stolen - before.stolen,
});
