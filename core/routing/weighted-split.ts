/** Owns the split of traffic by weight, exact over time: smooth weighted round-robin. */

export interface WeightedChoice {
  /** Share of the traffic; 0: never chosen. */
  readonly percent: number;
}

interface Turn<Choice> {
  readonly choice: Choice;
  readonly weight: number;
  credit: number;
}

/**
 * Deals out choices so that after any run of as many turns as the weights sum to, each came exactly as often as its
 * weight says, and the turns of one choice are spread over the run (every choice earns its weight in each turn, the
 * richest one is taken and pays the sum).
 */
export class WeightedSplit<Choice extends WeightedChoice> {
  readonly #turns: Turn<Choice>[];
  readonly #sum: number;

  constructor(choices: readonly Choice[]) {
    this.#turns = choices
      .filter((choice) => choice.percent > 0)
      .map((choice) => ({ choice, weight: choice.percent, credit: 0 }));
    this.#sum = this.#turns.reduce((sum, turn) => sum + turn.weight, 0);
  }

  /** Returns whose turn it is; undefined when no choice has a weight. */
  next(): Choice | undefined {
    let richest = this.#turns[0];
    if (richest === undefined || this.#turns.length === 1) return richest?.choice;
    for (const turn of this.#turns) {
      turn.credit += turn.weight;
      if (turn.credit > richest.credit) richest = turn;
    }
    richest.credit -= this.#sum;
    return richest.choice;
  }
}
