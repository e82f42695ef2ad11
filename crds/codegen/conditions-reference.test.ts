/** Owns the tests of the page on conditions and reasons. */
import { expect, it } from 'vitest';
import { reasonGroups } from '../schema/reason-texts.ts';
import { makeConditionsReference } from './conditions-reference.ts';

it('has a heading per condition and per reason, with the cause and what to do', () => {
  const texts = { Serving: { cause: 'It answers.' }, Broken: { cause: 'It does not.', remedy: 'Mend it.' } };
  expect(makeConditionsReference([{ subject: 'Ready', about: 'Whether it answers.', texts }])).toContain(
    `## Ready

Whether it answers.

### Serving

It answers.

### Broken

It does not.

**What to do:** Mend it.
`,
  );
});

it('says what to do about each failure of a served entity', () => {
  const { texts } = reasonGroups.find(({ subject }) => subject.startsWith('servedEntities'))!;
  const failures = Object.entries(texts).filter(([reason]) =>
    /Failed|Refused|Exceeded|Full|NotFound/.test(reason),
  );
  expect(failures.length).toBeGreaterThan(8);
  expect(failures.filter(([, { remedy }]) => remedy === undefined)).toEqual([]);
});
