/**
 * Owns the sharing of equal parts between objects that are kept for long: ten thousand pod templates differ in a few
 * words, and parsing makes each of them anew. Memory of what was seen is bounded: it is kept in two generations, of
 * which the older one is dropped when the younger one is full.
 */

/** Parts that a process remembers in one generation; about 100 bytes each, beside the parts themselves. */
const defaultGenerationSize = 20_000;
/** V8 itself shares strings up to this length when it parses JSON. */
const longestSharedByParser = 10;

export class SharedParts {
  readonly #strings: Generations<string, string>;
  /** By hash; of two different parts with one hash the newer one is remembered. */
  readonly #parts: Generations<number, object>;

  constructor(generationSize = defaultGenerationSize) {
    this.#strings = new Generations(generationSize);
    this.#parts = new Generations(generationSize);
  }

  /**
   * Returns a value equal to `value`, a tree of plain JSON: frozen to the bottom, and made of parts that were returned
   * before wherever those are equal. `value` is not to be used any more.
   */
  share<Value>(value: Value): Value {
    return this.#share(value).value as Value;
  }

  #share(value: unknown): Hashed {
    if (typeof value === 'string') return this.#shareString(value);
    if (typeof value !== 'object' || value === null) return { value, hash: hashOfText(String(value)) };
    let hash = Array.isArray(value) ? 1 : 2;
    const fields = value as Record<string, unknown>;
    for (const [name, field] of Object.entries(fields)) {
      const shared = this.#share(field);
      // What is frozen was shared before, and its parts with it.
      if (shared.value !== field && !Object.isFrozen(fields)) fields[name] = shared.value;
      hash = mix(mix(hash, hashOfText(name)), shared.hash);
    }
    const known = this.#parts.get(hash);
    if (known !== undefined && hasSameParts(known, value)) return { value: known, hash };
    const kept = Object.freeze(value);
    this.#parts.set(hash, kept);
    return { value: kept, hash };
  }

  #shareString(text: string): Hashed {
    const hash = hashOfText(text);
    if (text.length <= longestSharedByParser) return { value: text, hash };
    const known = this.#strings.get(text);
    if (known !== undefined) return { value: known, hash };
    this.#strings.set(text, text);
    return { value: text, hash };
  }
}

interface Hashed {
  readonly value: unknown;
  readonly hash: number;
}

/** Remembers what was asked for lately: between one and two generations of entries. */
class Generations<Key, Value> {
  readonly #size: number;
  #young = new Map<Key, Value>();
  #old = new Map<Key, Value>();

  constructor(size: number) {
    this.#size = size;
  }

  get(key: Key): Value | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: Key, value: Value): void {
    if (this.#young.size >= this.#size) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }
}

/** Whether two trees whose parts are shared are equal: then they have the very same parts under the same names. */
function hasSameParts(left: object, right: object): boolean {
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const [mine, theirs] = [Object.entries(left), Object.entries(right)];
  return (
    mine.length === theirs.length &&
    mine.every(([name, part], index) => {
      const [otherName, otherPart] = theirs[index] ?? [];
      return name === otherName && Object.is(part, otherPart);
    })
  );
}

const fnvPrime = 0x01000193;
const fnvStart = 0x811c9dc5;

const mix = (hash: number, more: number): number => Math.imul(hash ^ more, fnvPrime) ^ (hash >>> 15);

/** FNV-1a over at most the first and last 32 units: enough to tell parts of manifests apart, and quick for certificates. */
function hashOfText(text: string): number {
  let hash = fnvStart ^ text.length;
  const { length } = text;
  const head = Math.min(length, 32);
  for (let index = 0; index < head; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), fnvPrime);
  }
  for (let index = Math.max(head, length - 32); index < length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), fnvPrime);
  }
  return hash;
}
