import { describe, expect, it } from 'vitest';
import { AppError, messageOf, systemCodeOf } from './errors.ts';

const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });

describe('messageOf', () => {
  it.each([
    ['the message of an error', new Error('disk full'), 'disk full'],
    [
      'the messages of its causes behind it',
      new Error('no answer', { cause: refused }),
      `no answer: ${refused.message}`,
    ],
    [
      'a cause once that the message tells already',
      new Error(`no answer: ${refused.message} (try again)`, { cause: refused }),
      `no answer: ${refused.message} (try again)`,
    ],
    ['the name of an error without a message', new TypeError(), 'TypeError'],
    ['anything else as text', 7, '7'],
  ])('returns %s', (_row, thrown, expected) => {
    expect(messageOf(thrown)).toBe(expected);
  });
});

describe('systemCodeOf', () => {
  it.each([
    ['the code of a system error', refused, 'ECONNREFUSED'],
    ['the code of the nearest cause that has one', new Error('outer', { cause: refused }), 'ECONNREFUSED'],
    [
      'the code below one of our own errors, whose code is not the system’s',
      new AppError('LISTEN_FAILED', 'x', { cause: refused }),
      'ECONNREFUSED',
    ],
    ['nothing where no cause has a code', new Error('plain'), undefined],
    ['nothing for what is not an error', 'ECONNREFUSED', undefined],
  ])('returns %s', (_row, thrown, expected) => {
    expect(systemCodeOf(thrown)).toBe(expected);
  });
});
