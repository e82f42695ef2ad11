/** Owns the tests of commands that run to their end, with real processes. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isAlive } from '../../platform/processes/process-group.ts';
import { runToEnd } from './run-to-end.ts';

let dir: string;
let logFile: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'run-to-end-'));
  logFile = join(dir, 'command.log');
});
afterEach(() => rmSync(dir, { recursive: true }));

const run = (script: string, signal = new AbortController().signal): Promise<void> =>
  runToEnd('sh', ['-c', script], { what: 'counting', logFile, signal });

it('keeps the output in the log file', async () => {
  await run('echo one; echo two >&2');
  expect(readFileSync(logFile, 'utf8')).toBe('one\ntwo\n');
});

it('tells the end of the output and where the rest is when the command fails', async () => {
  await expect(run('seq 1 9; exit 3')).rejects.toMatchObject({
    code: 'COMMAND_FAILED',
    message: expect.stringMatching(
      /counting failed \(exit status 3\).*command\.log.*\n {4}5\n.* {4}9$/s,
    ) as string,
  });
});

it('says which command is missing', async () => {
  const { signal } = new AbortController();
  await expect(runToEnd('no-such-command', [], { what: 'counting', logFile, signal })).rejects.toMatchObject({
    code: 'COMMAND_MISSING',
    message: expect.stringContaining('no-such-command') as string,
  });
});

it('ends the command and what it started when it is aborted', async () => {
  const abort = new AbortController();
  const ended = run('sleep 60 & echo $!; wait', abort.signal);
  await expect.poll(() => readFileSync(logFile, 'utf8')).toMatch(/\d+\n/);
  const grandchild = Number(readFileSync(logFile, 'utf8'));
  abort.abort(new Error('stopped by the test'));
  await expect(ended).rejects.toThrow('stopped by the test');
  await expect.poll(() => isAlive(grandchild)).toBe(false);
});
