/** Owns the rule that one folder serves one run at a time. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { AppError } from '../../platform/errors.ts';
import { isAlive } from '../../platform/processes/process-group.ts';
import type { Ending } from './lifetime.ts';

/**
 * Claims the folder of `pidFile` for this process and returns what gives it back. The file of a run that died without
 * giving it back is taken over.
 *
 * @throws AppError `ALREADY_RUNNING` naming the process that holds it.
 */
export function claimPidFile(pidFile: string): Ending {
  const holder = readHolder(pidFile);
  if (holder !== undefined && holder !== process.pid && isAlive(holder)) {
    throw new AppError(
      'ALREADY_RUNNING',
      `a quickstart is running already (process ${holder}, which holds ${pidFile}); ` +
        `stop it (Ctrl-C in its terminal, or: kill ${holder}), or give this one another folder and port: ` +
        'FAIRLEAD_HOME=… FAIRLEAD_PORT=…',
    );
  }
  writeFileSync(pidFile, `${process.pid}\n`);
  const release = (): void => {
    if (readHolder(pidFile) === process.pid) rmSync(pidFile, { force: true });
  };
  return { name: 'pid file', stop: () => Promise.resolve().then(release), force: release };
}

function readHolder(pidFile: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(pidFile, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const pid = Number.parseInt(text, 10);
  return Number.isNaN(pid) ? undefined : pid;
}
