import { describe, expect, it } from 'vitest';
import { runtimeStatus } from './runtime-status.ts';

const now = Date.parse('2026-05-01T12:00:00Z');
const status = (given: object = {}) =>
  runtimeStatus({ generation: 3, disabled: false, problems: [], previous: [], now, ...given });

describe('runtimeStatus', () => {
  it.each([
    ['is ready while nothing is wrong', {}, 'True', ['Ready True Usable']],
    [
      'is ready when it is disabled, as it was asked to be',
      { disabled: true },
      'True',
      ['Ready True Disabled'],
    ],
    [
      'waits for a person while something is wrong',
      { problems: ['a', 'b'], disabled: true },
      'False',
      ['Ready False Invalid', 'Stalled True Invalid'],
    ],
  ])('%s', (_name, given, ready, conditions) => {
    const made = status(given);
    expect(made).toMatchObject({ observedGeneration: 3, ready });
    expect(made.conditions!.map((row) => `${row.type} ${row.status} ${row.reason}`)).toEqual(conditions);
  });

  it('says everything that is wrong', () => {
    expect(status({ problems: ['a', 'b'] }).conditions![0]!.message).toBe('a; b');
  });

  it('keeps the time of a change until the next one', () => {
    const previous = status().conditions;
    expect(status({ previous, now: now + 60_000, generation: 4 }).conditions).toMatchObject([
      { lastTransitionTime: '2026-05-01T12:00:00Z', observedGeneration: 4 },
    ]);
  });
});
