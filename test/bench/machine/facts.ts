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

/** What the machine does while the benchmark does nothing. */
export interface Idleness {
  /** Load average of one minute. */
  readonly load: number;
  /** Share of all cores that others used in the time that was looked at, from 0 to 1. */
  readonly others: number;
}

const lookMs = 2_000;

/** Looks for two seconds at what others do; to be called while nothing of the benchmark runs. */
export async function lookAtIdleness(): Promise<Idleness> {
  const before = readTicks();
  await sleep(lookMs);
  return { load: loadavg()[0] ?? Number.NaN, others: sharesBetween(before, readTicks()).others };
}

/** Time of all cores so far, in ticks. */
export interface CoreTicks {
  readonly total: number;
  /** Of programs, whoever's; interrupts are nobody's in particular. */
  readonly used: number;
  /** Of this process and all that it has started and that has ended. */
  readonly own: number;
  /** Taken by the hypervisor for its other guests. */
  readonly stolen: number;
}

/** Returns the time of all cores since the machine was started. */
export const readTicks = (): CoreTicks =>
  parseTicks(readFileSync('/proc/stat', 'utf8'), readFileSync('/proc/self/stat', 'utf8'));

/** Reads the first line of /proc/stat, and fields 14 to 17 of /proc/self/stat (proc(5)); its second one may hold spaces. */
export function parseTicks(stat: string, ownStat: string): CoreTicks {
  const times = /^cpu +(.*)$/m.exec(stat)?.[1]?.split(' ').map(Number) ?? [];
  const [user = 0, nice = 0, system = 0, , , , , stolen = 0] = times;
  const own = ownStat.slice(ownStat.lastIndexOf(')') + 2).split(' ');
  return {
    // What follows, of guests, is part of users' time.
    total: sum(times.slice(0, 8)),
    used: user + nice + system,
    own: sum(own.slice(11, 15).map(Number)),
    stolen,
  };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Shares of the cores' time, from 0 to 1. */
export interface Shares {
  /** Used by others. */
  readonly others: number;
  readonly stolen: number;
}

/** Returns who used the cores between two readings. */
export function sharesBetween(before: CoreTicks, after: CoreTicks): Shares {
  const total = after.total - before.total;
  if (total <= 0) return { others: 0, stolen: 0 };
  const own = after.own - before.own;
  return {
    others: Math.max(0, (after.used - before.used - own) / total),
    stolen: (after.stolen - before.stolen) / total,
  };
}
