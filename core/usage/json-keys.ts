/** Owns telling the few keys that matter from all others, without making a string of each key that passes. */

const longest = 32;

export class JsonKeys {
  readonly #names: ReadonlyMap<string, string>;
  /** By length and first byte: the names that a key may be. */
  readonly #candidates: (readonly string[] | undefined)[] = [];

  /** Names are of plain letters, up to 32 of them. */
  constructor(names: Iterable<string>) {
    this.#names = new Map([...names].map((name) => [name, name]));
    const sorted = Map.groupBy(this.#names.keys(), (name) => placeOf(name.length, name.charCodeAt(0)));
    for (const [place, candidates] of sorted) this.#candidates[place] = candidates;
  }

  /** Returns the name that the bytes from `from` up to `to` are; empty for all others. */
  find(bytes: Uint8Array, from: number, to: number): string {
    const length = to - from;
    if (length === 0 || length > longest) return '';
    const candidates = this.#candidates[placeOf(length, bytes[from] ?? 0)];
    return candidates?.find((name) => isAt(name, bytes, from)) ?? '';
  }

  /** Returns the name that `text` is; empty for all others. */
  named(text: string | undefined): string {
    return (text === undefined ? undefined : this.#names.get(text)) ?? '';
  }
}

const placeOf = (length: number, first: number): number => length * 256 + first;

function isAt(name: string, bytes: Uint8Array, from: number): boolean {
  for (let index = 0; index < name.length; index += 1) {
    if (name.charCodeAt(index) !== bytes[from + index]) return false;
  }
  return true;
}
