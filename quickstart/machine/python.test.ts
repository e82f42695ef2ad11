/** Owns the tests of how Python is found. */
import { expect, it } from 'vitest';
import { findPython } from './python.ts';

type Answers = Record<string, string>;

const find = (answers: Answers) => findPython((command) => answers[command]);

it.each<[string, Answers, { command: string; version: string }]>([
  [
    'takes python3 when it is new enough',
    { python3: '3.12.1 venv\n' },
    { command: 'python3', version: '3.12.1' },
  ],
  [
    'passes over a python3 that is too old',
    { python3: '3.9.2 venv', 'python3.11': '3.11.4 venv' },
    { command: 'python3.11', version: '3.11.4' },
  ],
  [
    'passes over one that cannot make environments',
    { python3: '3.12.1 no-venv', 'python3.10': '3.10.0 venv' },
    { command: 'python3.10', version: '3.10.0' },
  ],
  [
    'takes python where there is no python3',
    { python: '3.13.0 venv' },
    { command: 'python', version: '3.13.0' },
  ],
])('%s', (_name, answers, expected) => {
  expect(find(answers)).toEqual(expected);
});

it.each<[string, Answers, string, RegExp]>([
  ['says that there is none', {}, 'PYTHON_MISSING', /no Python 3\.10 or newer is on PATH; install one/],
  [
    'says that the one it found is too old',
    { python3: '3.9.2 venv' },
    'PYTHON_TOO_OLD',
    /python3 is 3\.9\.2/,
  ],
  ['says that Python 2 is too old', { python: '2.7.18 venv' }, 'PYTHON_TOO_OLD', /python is 2\.7\.18/],
  [
    'says which part is missing',
    { python3: '3.11.2 no-venv' },
    'PYTHON_WITHOUT_VENV',
    /apt install python3-venv/,
  ],
])('%s', (_name, answers, code, message) => {
  expect(() => find(answers)).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(message) as string }),
  );
});
