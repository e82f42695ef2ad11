/** Owns the verdict on a budget of design §8, and the table of them. */
import { makeTable } from './tables.ts';

export interface Budget {
  readonly what: string;
  readonly atMost: number;
  /** What would be better still. */
  readonly aim?: number;
  readonly unit: string;
}

export interface Verdict extends Budget {
  readonly measured: number;
  readonly kept: boolean;
  readonly aimReached?: boolean;
}

/** Returns the verdict on what was measured; what could not be measured (NaN) keeps no budget. */
export const judge = (budget: Budget, measured: number): Verdict => ({
  ...budget,
  measured,
  kept: measured <= budget.atMost,
  ...(budget.aim === undefined ? {} : { aimReached: measured <= budget.aim }),
});

/** Returns the table of `verdicts`. */
export const verdictTable = (verdicts: readonly Verdict[]): string =>
  makeTable(
    ['budget', 'at most', 'measured', 'kept', 'aim', 'reached'],
    verdicts.map(({ what, atMost, unit, measured, kept, aim, aimReached }) => [
      what,
      `${atMost} ${unit}`,
      measured,
      yesOrNo(kept),
      aim === undefined ? '' : `${aim} ${unit}`,
      aimReached === undefined ? '' : yesOrNo(aimReached),
    ]),
  );

const yesOrNo = (is: boolean): string => (is ? 'yes' : 'no');
