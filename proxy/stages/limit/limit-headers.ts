/** Owns the headers that tell a caller what is left of the limits that bind it: names and values as OpenAI has them. */
import type { CallerQuota, CounterView } from '../../../core/quota/caller-quota.ts';
import type { Counter } from '../../../core/quota/counter.ts';
import type { LimitUnit } from '../../../core/quota/limits.ts';

/** What is left, and when everything is there again. */
export interface LimitView extends CounterView {
  msUntilReset(counter: Counter): number;
}

interface HeaderNames {
  readonly unit: LimitUnit;
  readonly limit: string;
  readonly remaining: string;
  readonly reset: string;
}

const namesOf = (unit: LimitUnit, word: string): HeaderNames => ({
  unit,
  limit: `x-ratelimit-limit-${word}`,
  remaining: `x-ratelimit-remaining-${word}`,
  reset: `x-ratelimit-reset-${word}`,
});
const names: readonly HeaderNames[] = [namesOf('calls', 'requests'), namesOf('tokens', 'tokens')];

/** Appends raw header pairs: for calls and for tokens those of the limit that has least left. */
export function pushLimitHeaders(headers: string[], caller: CallerQuota, view: LimitView): void {
  for (const { unit, limit, remaining, reset } of names) {
    const counter = caller.tightest(unit, view);
    if (counter === undefined) continue;
    headers.push(limit, counter.limitText, remaining, String(view.remaining(counter)));
    headers.push(reset, durationText(view.msUntilReset(counter)));
  }
}

const usualTexts = Array.from({ length: 61 }, (_, seconds) => textOf(seconds));

/** Returns a duration in whole seconds as OpenAI writes it: `7s`, `1m0s`. */
function durationText(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1_000));
  return usualTexts[seconds] ?? textOf(seconds);
}

function textOf(seconds: number): string {
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
