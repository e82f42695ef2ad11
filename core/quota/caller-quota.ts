/** Owns all counters that bind one caller: whether a request has room in them, and what it takes from them. */
import type { Counter } from './counter.ts';
import { minuteOf } from './counter.ts';
import type { LimitUnit } from './limits.ts';

/** A counter, and how much was taken from it. */
export type TakenPart = readonly [counter: Counter, taken: number];

/** What a request has taken of the tokens before anybody knows how many it needs. */
export interface TokenReservation {
  readonly counters: readonly TakenPart[];
  readonly minute: number;
}

/** What is left of counters: as this proxy knows it, or as somebody else has told. */
export interface CounterView {
  /** In whole units. */
  remaining(counter: Counter): number;
}

/** A request needs room in all of `all`, and in all of one set of `anyOf` where there are any. */
export class CallerQuota {
  readonly groups: readonly string[];
  readonly all: readonly Counter[];
  readonly anyOf: readonly (readonly Counter[])[];
  /** Every counter once: those of `all`, then those of each set. */
  readonly counters: readonly Counter[];
  /** A limit of 0 shuts the caller out for good. */
  readonly isDisabled: boolean;
  readonly countsTokens: boolean;
  /** The minute in which the caller was last here. */
  lastMinute = 0;
  /** Which sets of `anyOf` the last request took from. */
  readonly #isOpen: boolean[] = [];

  constructor(groups: readonly string[], all: readonly Counter[], anyOf: readonly (readonly Counter[])[]) {
    this.groups = groups;
    this.all = all;
    this.anyOf = anyOf;
    this.counters = [...all, ...anyOf.flat()];
    const isZero = ({ limit }: Counter): boolean => limit === 0;
    this.isDisabled = all.some(isZero) || (anyOf.length > 0 && anyOf.every((set) => set.some(isZero)));
    this.countsTokens = this.counters.some(({ rule }) => rule.unit === 'tokens');
  }

  /** Whether no limit binds the caller. */
  get isFree(): boolean {
    return this.counters.length === 0;
  }

  /**
   * Takes one call and `tokens` from every counter that binds and returns undefined, or takes nothing and returns the
   * counter that has no room.
   */
  admit(tokens: number, now: number): Counter | undefined {
    // Each of them is asked, so that each knows how much it is wanted.
    let full = firstFull(this.all, tokens, now);
    let fullOfGroups: Counter | undefined;
    let isOpen = this.anyOf.length === 0;
    for (const [index, set] of this.anyOf.entries()) {
      const fullOfSet = firstFull(set, tokens, now);
      this.#isOpen[index] = fullOfSet === undefined;
      if (fullOfSet === undefined) isOpen = true;
      else fullOfGroups ??= fullOfSet;
    }
    if (!isOpen) full ??= fullOfGroups;
    if (full === undefined) this.#take(tokens, now);
    return full;
  }

  /** Notes what somebody else has decided: it was taken from `all` and from the sets that `isOpen` says. */
  note(isOpen: (set: number) => boolean, tokens: number, now: number): void {
    firstFull(this.counters, tokens, now);
    for (const index of this.anyOf.keys()) this.#isOpen[index] = isOpen(index);
    this.#take(tokens, now);
  }

  /** Returns what has just been taken, counter by counter. */
  taken(tokens: number): TakenPart[] {
    const open = this.anyOf.filter((_set, index) => this.#isOpen[index] === true);
    return [...this.all, ...open.flat()].map((counter) => [counter, costOf(counter, tokens)]);
  }

  /** Returns what has just been taken of the tokens, to be settled when their number is known. */
  reservation(tokens: number, now: number): TokenReservation {
    const counters = this.taken(tokens).filter(([{ rule }]) => rule.unit === 'tokens');
    return { counters, minute: minuteOf(now) };
  }

  #take(tokens: number, now: number): void {
    for (const counter of this.all) counter.take(costOf(counter, tokens), now);
    for (const [index, set] of this.anyOf.entries()) {
      // What is used up already is not overdrawn for members who have another group to draw on.
      if (this.#isOpen[index] !== true) continue;
      for (const counter of set) counter.take(costOf(counter, tokens), now);
    }
  }

  /** Returns the counter of a unit that has least left by that view; undefined where none binds. */
  tightest(unit: LimitUnit, view: CounterView): Counter | undefined {
    const found = least(this.all, unit, view);
    if (this.anyOf.length === 0) return found;
    // Of the groups the one with most left counts; and whoever is in one without such a limit is not bound by them.
    let roomiest: Counter | undefined;
    for (const set of this.anyOf) {
      const counter = least(set, unit, view);
      if (counter === undefined) return found;
      if (roomiest === undefined || view.remaining(counter) > view.remaining(roomiest)) roomiest = counter;
    }
    if (roomiest === undefined) return found;
    return found !== undefined && view.remaining(found) <= view.remaining(roomiest) ? found : roomiest;
  }
}

/** Returns what a request takes from a counter. */
export function costOf(counter: Counter, tokens: number): number {
  return counter.rule.unit === 'calls' ? 1 : Math.min(tokens, counter.ceiling);
}

function firstFull(set: readonly Counter[], tokens: number, now: number): Counter | undefined {
  let full: Counter | undefined;
  for (const counter of set) if (!counter.hasRoom(costOf(counter, tokens), now)) full ??= counter;
  return full;
}

function least(counters: readonly Counter[], unit: LimitUnit, view: CounterView): Counter | undefined {
  let found: Counter | undefined;
  for (const counter of counters) {
    if (counter.rule.unit !== unit) continue;
    if (found === undefined || view.remaining(counter) < view.remaining(found)) found = counter;
  }
  return found;
}
