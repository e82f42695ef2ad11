/** Owns the rule that one folder serves one run at a time. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { AppError } from '../../platform/errors.ts';
import { startTimeOf } from '../../platform/processes/start-time.ts';
import type { Ending } from './lifetime.ts';

interface Holder {
  readonly pid: number;
  /** Tells it from a later process with the same id, after a restart of the machine or container, say. */
  readonly startTime: string;
}

/**
 * Claims the folder of `pidFile` for this process and returns what gives it back. The file of a run that died without
 * giving it back is taken over.
 *
 * @throws AppError `ALREADY_RUNNING` naming the process that holds it.
 */
export async function claimPidFile(pidFile: string): Promise<Ending> {
  const holder = readHolder(pidFile);
  if (holder !== undefined && holder.pid !== process.pid && (await isAlive(holder))) {
    throw new AppError(
      'ALREADY_RUNNING',
      `a quickstart is running already (process ${holder.pid}, which holds ${pidFile}); ` +
        `stop it (Ctrl-C in its terminal, or: kill ${holder.pid}), or give this one another folder and port: ` +
        'FAIRLEAD_HOME=… FAIRLEAD_PORT=…',
    );
  }
  writeFileSync(pidFile, `${process.pid}\n${(await startTimeOf(process.pid)) ?? ''}\n`);
  const release = (): void => {
    if (readHolder(pidFile)?.pid === process.pid) rmSync(pidFile, { force: true });
  };
  return { name: 'pid file', stop: () => Promise.resolve().then(release), force: release };
}

const isAlive = async ({ pid, startTime }: Holder): Promise<boolean> =>
  (await startTimeOf(pid)) === startTime;

function readHolder(pidFile: string): Holder | undefined {
  let text: string;
  try {
    text = readFileSync(pidFile, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const [first = '', startTime = ''] = text.split('\n');
  const pid = Number.parseInt(first, 10);
  return Number.isNaN(pid) ? undefined : { pid, startTime };
}
