/** Owns the last words of a container: what it wrote to its termination log, or the end of its output. */
import { readFile } from 'node:fs/promises';
import type { Container } from '../../controllers/objects/kinds.ts';
import { tailOf } from '../process/log-file.ts';

const longestMessage = 4_096;
/** How much of the log `FallbackToLogsOnError` takes. */
const fallBack = { lines: 80, bytes: 2_048 };

/** Returns the message of an ended container; empty where it left none. */
export async function readTerminationMessage(
  container: Pick<Container, 'terminationMessagePolicy'>,
  exitCode: number,
  terminationLog: string,
  logPath: string,
): Promise<string> {
  const written = await readFile(terminationLog, 'utf8').catch(() => '');
  if (written !== '') return written.slice(0, longestMessage);
  const fromLogs = container.terminationMessagePolicy === 'FallbackToLogsOnError' && exitCode !== 0;
  return fromLogs ? tailOf(logPath, fallBack.lines, fallBack.bytes) : '';
}
