/** Owns one string of a JSON document that comes in pieces: its end, its length in characters, and its text where it is short. */

/** `count`: its length; `keep`: its text, too. */
export type Interest = 'count' | 'keep';

/** Longer texts are not kept. */
const longestKept = 512;

const quote = 0x22;
const backslash = 0x5c;

export class JsonString {
  /** Unicode code points; what is escaped counts as what it stands for. */
  characters = 0;
  ended = false;
  #raw: Uint8Array<ArrayBuffer> | undefined;
  #length = 0;
  #keeps = false;
  #hasEscapes = false;
  /** Bytes of an escape that are still to come; -1: the one that says which it is. */
  #toCome = 0;
  #unit = 0;
  /** The first half of a surrogate pair has just been read. */
  #afterHigh = false;

  /** Begins after the opening quote. */
  begin(interest: Interest): void {
    this.characters = 0;
    this.ended = false;
    this.#length = 0;
    this.#keeps = interest === 'keep';
    if (this.#keeps) this.#raw ??= new Uint8Array(longestKept);
    this.#hasEscapes = false;
    this.#toCome = 0;
    this.#afterHigh = false;
  }

  /** Returns where it has stopped reading: after the closing quote, or at `to`. */
  feed(bytes: Uint8Array, from: number, to: number): number {
    let index = from;
    while (index < to) {
      if (this.#toCome !== 0) {
        this.#readEscape(bytes[index] ?? 0);
        index += 1;
        continue;
      }
      index = this.#readPlain(bytes, index, to);
      if (index === to) break;
      const byte = bytes[index];
      index += 1;
      if (byte === quote) {
        this.ended = true;
        break;
      }
      this.#hasEscapes = true;
      this.#toCome = -1;
      this.#keep(backslash);
    }
    return index;
  }

  /** Returns the text; undefined where it was not to be kept, or is too long for it, or is no proper string. */
  text(): string | undefined {
    if (!this.#keeps || this.#raw === undefined) return undefined;
    const text = Buffer.from(this.#raw.buffer, 0, this.#length).toString('utf8');
    if (!this.#hasEscapes) return text;
    try {
      return JSON.parse(`"${text}"`) as string;
    } catch {
      // An escape that JSON does not know: no name or id that anybody looks for is written so.
      return undefined;
    }
  }

  /** Up to the next quote or backslash. */
  #readPlain(bytes: Uint8Array, from: number, to: number): number {
    let index = from;
    let count = 0;
    while (index < to) {
      const byte = bytes[index] ?? 0;
      if (byte === quote || byte === backslash) break;
      // All bytes of a character but its first begin with the bits 10.
      if ((byte & 0xc0) !== 0x80) count += 1;
      index += 1;
    }
    this.characters += count;
    if (index > from) this.#afterHigh = false;
    if (this.#keeps) this.#keepAll(bytes, from, index);
    return index;
  }

  #readEscape(byte: number): void {
    this.#keep(byte);
    if (this.#toCome === -1) {
      this.#toCome = byte === 0x75 ? 4 : 0;
      this.#unit = 0;
      if (this.#toCome === 0) this.#count(false, false);
      return;
    }
    const digit = byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57;
    this.#unit = (this.#unit << 4) | (digit & 0xf);
    this.#toCome -= 1;
    if (this.#toCome === 0) this.#count(isBetween(this.#unit, 0xd800), isBetween(this.#unit, 0xdc00));
  }

  #count(isHigh: boolean, isLow: boolean): void {
    if (!(isLow && this.#afterHigh)) this.characters += 1;
    this.#afterHigh = isHigh;
  }

  #keep(byte: number): void {
    if (!this.#keeps || this.#raw === undefined) return;
    if (this.#length === longestKept) this.#keeps = false;
    else {
      this.#raw[this.#length] = byte;
      this.#length += 1;
    }
  }

  #keepAll(bytes: Uint8Array, from: number, to: number): void {
    if (this.#length + to - from > longestKept) this.#keeps = false;
    else {
      this.#raw?.set(bytes.subarray(from, to), this.#length);
      this.#length += to - from;
    }
  }
}

const isBetween = (unit: number, from: number): boolean => unit >= from && unit < from + 0x400;
