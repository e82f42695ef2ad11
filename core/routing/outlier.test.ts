import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOutlier, letIn, longestOutMs, makeOutlierRecord, noteBad, noteGood, takeOut } from './outlier.ts';
import type { OutlierRecord, OutlierRules } from './outlier.ts';

const rules: OutlierRules = { failures: 3, baseMs: 10_000, maxPercent: 50 };

/** Tells replicas what happens: one letter for each answer, `a` good and `A` bad of the first one, and so on. */
function tell(records: readonly OutlierRecord[], answers: string, goodBefore = 0): void {
  let number = goodBefore;
  for (const letter of answers) {
    const record = records[letter.toLowerCase().charCodeAt(0) - 97];
    if (record === undefined) continue;
    if (letter === letter.toLowerCase()) noteGood(record, (number += 1));
    else noteBad(record, number);
  }
}

function afterAnswers(count: number, answers: string): OutlierRecord[] {
  const records = Array.from({ length: count }, makeOutlierRecord);
  tell(records, answers);
  return records;
}

const outliersOf = (records: readonly OutlierRecord[], more: Partial<OutlierRules> = {}): string =>
  records
    .map((record, index) =>
      isOutlier(record, records, { ...rules, ...more }) ? String.fromCharCode(97 + index) : '',
    )
    .join('');

describe('a replica', () => {
  it.each<[string, number, string, Partial<OutlierRules>, string]>([
    ['that fails in a row while others answer is an outlier', 3, 'AbAcA', {}, 'a'],
    ['that fails less often is none', 3, 'AbA', {}, ''],
    ['that answers in between is none', 3, 'AAbaA', {}, ''],
    ['that fails like all others is none', 3, 'AAABBBCCC', {}, ''],
    ['that fails since the others last answered well is none', 3, 'bcAAABC', {}, ''],
    ['that is the only one is none', 1, 'AAAA', {}, ''],
    ['of two may be one', 2, 'AbAA', {}, 'a'],
    ['is none where that is off', 3, 'AbAA', { failures: 0 }, ''],
    ['is none where too few may be out', 3, 'AbAA', { maxPercent: 30 }, ''],
    ['of two is none where another one is asked to be out at most', 2, 'AbAA', { maxPercent: 49 }, ''],
  ])('%s', (_name, count, answers, more, outliers) => {
    expect(outliersOf(afterAnswers(count, answers), more)).toBe(outliers);
  });

  it('that is out already is none once more', () => {
    const records = afterAnswers(4, 'AbAA');
    const [first] = records;
    if (first !== undefined) takeOut(first, rules, 0);
    expect(outliersOf(records)).toBe('');
  });

  it.each<[string, string, string]>([
    ['that has come back is an outlier at its first failure, if others have answered since', 'bA', 'a'],
    ['that has come back is none where nobody has answered since', 'A', ''],
    ['that has come back and answered is none before it fails as often as any', 'abA', ''],
  ])('%s', (_name, answers, outliers) => {
    const records = afterAnswers(3, 'AbAA');
    const [first] = records;
    if (first === undefined) throw new Error('there are three');
    takeOut(first, rules, 0);
    letIn(first, 1, 10_000);
    tell(records, answers, 1);
    expect(outliersOf(records)).toBe(outliers);
  });
});

describe('the time out', () => {
  it('doubles with each repetition, up to a bound', () => {
    const record = makeOutlierRecord();
    const times = Array.from({ length: 8 }, (_, index) => {
      const outMs = takeOut(record, rules, index);
      letIn(record, 0, index);
      return outMs;
    });
    expect(times.slice(0, 3)).toEqual([10_000, 20_000, 40_000]);
    expect(times.at(-1)).toBe(longestOutMs);
  });

  it('doubles as well where the replica never came back in between, however long it is out', () => {
    const record = makeOutlierRecord();
    expect([takeOut(record, rules, 3_600_000), takeOut(record, rules, 7_200_000)]).toEqual([10_000, 20_000]);
  });

  it('begins anew once the replica has been good for long', () => {
    const record = makeOutlierRecord();
    takeOut(record, rules, 0);
    letIn(record, 0, 10_000);
    expect(takeOut(record, rules, 29_999)).toBe(20_000);
    letIn(record, 0, 50_000);
    expect(takeOut(record, rules, 90_001)).toBe(10_000);
  });
});

describe('whatever answers come', () => {
  const answer = fc.record({ replica: fc.nat(7), isGood: fc.boolean(), comesBack: fc.boolean() });
  it('no more than half of the replicas are out, and never all', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.array(answer, { maxLength: 200 }), (count, answers) => {
        const records = Array.from({ length: count }, makeOutlierRecord);
        let number = 0;
        for (const [now, { replica, isGood, comesBack }] of answers.entries()) {
          const record = records[replica % count];
          if (record === undefined) continue;
          if (record.isOut && comesBack) letIn(record, number, now);
          if (isGood) noteGood(record, (number += 1));
          else noteBad(record, number);
          if (isOutlier(record, records, rules)) takeOut(record, rules, now);
          const out = records.filter(({ isOut }) => isOut).length;
          expect(out).toBeLessThanOrEqual(Math.floor(count / 2));
          expect(out).toBeLessThan(count);
        }
      }),
    );
  });
});
