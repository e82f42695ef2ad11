/** Owns which names have a label value of their own in metrics: as many as a metrics store can bear, the rest share one. */

/** Label value of all names beyond the bound. */
export const others = '_other';

/** Most endpoints that have label values of their own in one process. */
export const maxEndpoints = 1_000;

export class BoundedLabels {
  readonly #max: number;
  readonly #own = new Set<string>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Returns the label value of `name`: its own while there is room for it. */
  valueOf(name: string): string {
    if (this.#own.has(name)) return name;
    if (this.#own.size >= this.#max) return others;
    this.#own.add(name);
    return name;
  }

  /** Gives up the label of `name`; returns whether it had one of its own. */
  forget(name: string): boolean {
    return this.#own.delete(name);
  }
}
