/** Owns what is said of the machine that figures were measured on. */
import { cpus, release } from 'node:os';

/** Returns processor, cores and kernel in one line. */
export const machine = (): string =>
  `${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, Linux ${release()}`;
