/** Owns which endpoints have a metric label of their own: as many as a metrics store can bear, the rest share one. */

/** Label value of all endpoints beyond the bound. */
export const otherEndpoints = 'other';

export class BoundedLabels {
  readonly #max: number;
  readonly #own = new Set<string>();

  constructor(max = 1_000) {
    this.#max = max;
  }

  /** Returns the label value of `name`: its own while there is room for it. */
  valueOf(name: string): string {
    if (this.#own.has(name)) return name;
    if (this.#own.size >= this.#max) return otherEndpoints;
    this.#own.add(name);
    return name;
  }

  /** Gives up the label of `name`; returns whether it had one of its own. */
  forget(name: string): boolean {
    return this.#own.delete(name);
  }
}
