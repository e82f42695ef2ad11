import { describe, expect, it } from 'vitest';
import { lastWords } from './explain-crash.ts';

const record = (fields: object): string => JSON.stringify({ time: '2026-11-23T07:34:12Z', ...fields });
const words = (...lines: string[]): string => lastWords({ exitCode: 1, message: `${lines.join('\n')}\n` });

describe('the last words of a container', () => {
  it.each([
    ['are the cause alone where it said nothing else', ['no such model'], 'no such model'],
    [
      'are the cause, then the lines before it',
      ['one', 'two', 'no such model'],
      'no such model\nIts last log lines:\none\ntwo',
    ],
    [
      'show of a structured line what people read, and its stack line by line',
      [record({ level: 'error', message: 'cannot load', stack: 'File "a.py"\nValueError: x' }), 'bad model'],
      'bad model\nIts last log lines:\nerror: cannot load\nFile "a.py"\nValueError: x',
    ],
    [
      'know the field in which Node programs write',
      [record({ level: 'fatal', msg: 'the port is taken' })],
      'fatal: the port is taken',
    ],
    [
      'keep a structured line without a message as it is',
      ['{"a":1}', 'end'],
      'end\nIts last log lines:\n{"a":1}',
    ],
    ['keep what only looks structured', ['{broken', 'end'], 'end\nIts last log lines:\n{broken'],
    ['are empty where it said nothing', [''], ''],
  ])('%s', (_row, lines, expected) => {
    expect(words(...lines)).toBe(expected);
  });

  it('leave out the half line at which the kubelet cut the log', () => {
    const half = `${'x'.repeat(2_030)}"}`;
    expect(words(half, 'fetching', 'no such model')).toBe('no such model\nIts last log lines:\nfetching');
  });

  it('are cut to a length that fits into a status', () => {
    expect(words('x'.repeat(10_000)).length).toBe(2_000);
  });
});
