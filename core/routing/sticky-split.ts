/** Owns the split of traffic by key: one key, one choice, each choice with its share of the keys (weighted rendezvous). */
import type { WeightedChoice } from './weighted-split.ts';
import { xxhash32 } from './xxhash32.ts';

/** Choices that stay the same from one set of weights to the next are told by their name. */
export interface NamedChoice extends WeightedChoice {
  readonly servedEntity: string;
}

interface Contender<Choice> {
  readonly choice: Choice;
  readonly seed: number;
}

const range = 2 ** 32;

/**
 * Every choice draws a number for the key, exponentially distributed with its weight as rate, and the least one wins:
 * the chance of each is its share of the weights. The draws depend on key and name alone, so that all gateways agree
 * without asking one another, and a change of weights moves a key only from a choice that lost weight, relative to the
 * one that it moves to. Of two choices exactly the difference of the shares moves.
 */
export class StickySplit<Choice extends NamedChoice> {
  readonly #contenders: readonly Contender<Choice>[];

  constructor(choices: readonly Choice[]) {
    this.#contenders = choices
      .filter(({ percent }) => percent > 0)
      .map((choice) => ({ choice, seed: xxhash32(choice.servedEntity) }));
  }

  /** Returns the choice of `key`; undefined when no choice has a weight. */
  pick(key: string): Choice | undefined {
    let winner: Choice | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const { choice, seed } of this.#contenders) {
      const drawn = -Math.log((xxhash32(key, seed) + 0.5) / range) / choice.percent;
      if (drawn >= least) continue;
      least = drawn;
      winner = choice;
    }
    return winner;
  }
}
