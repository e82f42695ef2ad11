/** Owns how a process ends: signals, the order of its steps, and the deadline after which it leaves anyway. */
import { messageOf } from './errors.ts';
import type { Logger } from './logging.ts';

export interface ShutdownStep {
  readonly name: string;
  readonly run: () => void | Promise<void>;
}

/**
 * Runs `steps` in order at the first SIGTERM or SIGINT (or when the returned function is called), then exits.
 * A step that throws is logged and does not keep the later ones from running. Exit status: 0, or `exitCode` when the
 * caller gave one; 1 when a step threw or the deadline passed.
 *
 * Order to follow: unready → keep serving while endpoints converge → stop accepting, drain → stop watches and lease.
 */
export function onShutdown(options: {
  readonly log: Logger;
  readonly deadlineMs: number;
  readonly steps: readonly ShutdownStep[];
}): (reason: string, exitCode?: number) => void {
  const { log, deadlineMs, steps } = options;
  let started = false;
  const stop = (reason: string, exitCode = 0): void => {
    if (started) return;
    started = true;
    log.info({ reason }, 'stopping');
    const deadline = setTimeout(() => {
      log.error({ deadlineMs }, 'shutdown deadline passed, leaving');
      process.exit(1);
    }, deadlineMs);
    void runSteps(steps, log).then((failed) => {
      clearTimeout(deadline);
      log.info({ failed }, 'stopped');
      log.flush();
      setImmediate(() => process.exit(failed > 0 ? 1 : exitCode));
    });
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  process.on('unhandledRejection', (error) => {
    log.fatal({ error }, 'unhandled rejection');
    stop('unhandled rejection', 1);
  });
  return stop;
}

/** Runs the steps in order and returns how many of them threw. */
async function runSteps(steps: readonly ShutdownStep[], log: Logger): Promise<number> {
  let failed = 0;
  for (const step of steps) {
    try {
      await step.run();
    } catch (error) {
      failed += 1;
      log.error({ step: step.name, cause: messageOf(error) }, 'shutdown step failed');
    }
  }
  return failed;
}
