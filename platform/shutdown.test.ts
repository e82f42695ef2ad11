import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const run = promisify(execFile);

/** A process of its own, since a shutdown ends with process.exit. */
const program = (steps: string, after: string): string => `
  import { onShutdown } from ${JSON.stringify(new URL('./shutdown.ts', import.meta.url).href)};
  import { makeLogger } from ${JSON.stringify(new URL('./logging.ts', import.meta.url).href)};
  const stop = onShutdown({ log: makeLogger({ process: 'test', level: 'silent' }), deadlineMs: 300, steps: ${steps} });
  ${after}
`;
const exitOf = async (code: string): Promise<{ code: number; stdout: string }> => {
  const result = run(process.execPath, ['--input-type=module', '-e', code]);
  try {
    return { code: 0, stdout: (await result).stdout };
  } catch (error) {
    const failed = error as { code: number; stdout: string };
    return { code: failed.code, stdout: failed.stdout };
  }
};
const say = (word: string): string => `{ name: '${word}', run: () => console.log('${word}') }`;
const fail = `{ name: 'fail', run: () => Promise.reject(new Error('no')) }`;
const hang = `{ name: 'hang', run: () => new Promise(() => setInterval(() => {}, 1000)) }`;

describe('onShutdown', () => {
  it.each([
    ['runs the steps in order and exits with 0', `[${say('a')}, ${say('b')}]`, `stop('test')`, 0, 'a\nb\n'],
    [
      'goes on after a step that throws, and exits with 1',
      `[${fail}, ${say('b')}]`,
      `stop('test')`,
      1,
      'b\n',
    ],
    ['leaves at the deadline with 1', `[${hang}]`, `stop('test')`, 1, ''],
    [
      'stops with 1 on an unhandled rejection',
      `[${say('a')}]`,
      `Promise.reject(new Error('lost'));`,
      1,
      'a\n',
    ],
    ['runs the steps once when it is asked twice', `[${say('a')}]`, `stop('x'); stop('y')`, 0, 'a\n'],
    ['exits with the status it was given', `[]`, `stop('lease lost', 3)`, 3, ''],
  ])('%s', async (_row, steps, after, code, stdout) => {
    expect(await exitOf(program(steps, after))).toEqual({ code, stdout });
  });

  it('is started by SIGTERM', async () => {
    const code = program(`[${say('stopped')}]`, `setInterval(() => {}, 1000); console.log('up')`);
    const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text === 'up\n') child.kill('SIGTERM');
    });
    const [status] = (await once(child, 'exit')) as [number];
    expect([status, text]).toEqual([0, 'up\nstopped\n']);
  });
});
