/** Owns how the figures of the suite `wake` are shown, and their budgets. */
import type { SuiteReport } from '../../suite-report.ts';
import { makeTable, median, rounded } from '../../tables.ts';
import { judge } from '../../verdict.ts';

/** In milliseconds, one for each time that the endpoint was woken. */
export interface WakeUpFigures {
  /** Request sent → scale written. */
  readonly scaleWrittenMs: readonly number[];
  /** Model answers its health check → first byte of the request at the model. */
  readonly firstByteMs: readonly number[];
}

const budgets = {
  scaleWrittenMs: { what: 'request at zero → scale written, median', atMost: 20, aim: 5, unit: 'ms' },
  firstByteMs: { what: 'pod ready → first byte sent to it, median', atMost: 50, aim: 20, unit: 'ms' },
};
const steps = {
  scaleWrittenMs: 'request sent → scale written',
  firstByteMs: 'model answers its health check → first byte of the request there',
};

/** Returns the report. */
export function makeWakeReport(figures: WakeUpFigures): SuiteReport {
  const keys = Object.keys(steps) as (keyof WakeUpFigures)[];
  return {
    figures,
    // Times of two machines do not compare; the budgets judge these.
    ratios: {},
    verdicts: keys.map((key) => judge(budgets[key], rounded(median(figures[key])))),
    text: `A request to an endpoint at zero, through a gateway; the pod's sidecar is a real process, its model begins to answer on
a signal.

${makeTable(
  ['step', 'median ms', 'worst ms', 'of'],
  keys.map((key) => [
    steps[key],
    rounded(median(figures[key])),
    rounded(Math.max(...figures[key])),
    figures[key].length,
  ]),
)}`,
    leftOut: [],
    versions: {},
  };
}
