/**
 * Owns reading a JSON document as it comes in pieces: where in it one is, and its strings and numbers as far as somebody
 * wants them. It keeps nothing of what passes, so a document of any size costs the same memory; and it does not judge:
 * what is no JSON is read as far as it looks like it.
 */
import type { JsonKeys } from './json-keys.ts';
import { JsonString } from './json-string.ts';
import type { Interest } from './json-string.ts';

/** Where in the document the scanner is. */
export interface JsonPath {
  /** Containers around the value. */
  readonly depth: number;
  /** By depth: the key of an object's value, `[]` in an array, and nothing for a key that the reader does not know. */
  readonly keys: readonly string[];
}

/** Who is told what the scanner comes across. */
export interface JsonReader {
  /** A string begins: what is wanted of it? */
  interestIn(path: JsonPath): Interest;
  /** It has ended. `text` is there where it was wanted and short. */
  onString(path: JsonPath, characters: number, text: string | undefined): void;
  /** A number begins: is it wanted? */
  wantsNumber(path: JsonPath): boolean;
  /** NaN for a number that is longer than any that matters. */
  onNumber(path: JsonPath, value: number): void;
}

const value = 0;
const valueOrEnd = 1;
const key = 2;
const keyOrEnd = 3;
const colon = 4;
const after = 5;
const inString = 6;
const inKey = 7;
const inNumber = 8;
const inLiteral = 9;
const done = 10;
const failed = 11;

/** Deeper than any answer: what is deeper still is not read on. */
const maxDepth = 512;
const longestNumber = 32;

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/** What a number consists of, by byte. */
const numeric = new Uint8Array(256);
for (const character of '0123456789+-.eE') numeric[character.charCodeAt(0)] = 1;

export class JsonScanner implements JsonPath {
  depth = 0;
  readonly keys: string[] = [];
  readonly #reader: JsonReader;
  readonly #names: JsonKeys;
  readonly #isArray: boolean[] = [];
  readonly #string = new JsonString();
  #state = value;
  /** The number that is being read, where it is wanted. */
  #number: string | undefined;

  constructor(reader: JsonReader, names: JsonKeys) {
    this.#reader = reader;
    this.#names = names;
  }

  /** Whether the document has come to its end. */
  get isWhole(): boolean {
    return this.#state === done;
  }

  /** Begins a new document. */
  reset(): void {
    this.depth = 0;
    this.#state = value;
  }

  /** Reads on: the bytes from `from` up to `to`. */
  feed(bytes: Uint8Array, from = 0, to = bytes.length): void {
    let index = from;
    while (index < to) {
      switch (this.#state) {
        case inString:
        case inKey:
          index = this.#readString(bytes, index, to);
          break;
        case inNumber:
          index = this.#readNumber(bytes, index, to);
          break;
        case inLiteral:
          index = this.#readLiteral(bytes, index, to);
          break;
        case failed:
          return;
        default:
          index = this.#readStructure(bytes, index, to);
      }
    }
  }

  /** What is neither within a string nor a number nor a word. */
  #readStructure(bytes: Uint8Array, from: number, to: number): number {
    const byte = bytes[from] ?? 0;
    if (isSpace(byte)) return from + 1;
    switch (this.#state) {
      case value:
        return this.#beginValue(bytes, from, to);
      case valueOrEnd:
        if (byte === 0x5d) this.#close(true);
        else return this.#beginValue(bytes, from, to);
        break;
      case key:
      case keyOrEnd:
        return this.#readKey(bytes, from, to);
      case colon:
        this.#state = byte === 0x3a ? value : failed;
        break;
      default:
        this.#readAfter(byte);
    }
    return from + 1;
  }

  #readAfter(byte: number): void {
    if (this.#state === done) this.#state = failed;
    else if (byte === 0x2c) this.#state = this.#isArray[this.depth - 1] === true ? value : key;
    else if (byte === 0x5d) this.#close(true);
    else if (byte === 0x7d) this.#close(false);
    else this.#state = failed;
  }

  #beginValue(bytes: Uint8Array, from: number, to: number): number {
    const byte = bytes[from] ?? 0;
    if (byte === 0x22) {
      this.#string.begin(this.#reader.interestIn(this));
      this.#state = inString;
      return this.#readString(bytes, from + 1, to);
    }
    if (byte === 0x7b) this.#open(false);
    else if (byte === 0x5b) this.#open(true);
    else if (numeric[byte] === 1) {
      this.#number = this.#reader.wantsNumber(this) ? '' : undefined;
      this.#state = inNumber;
      return this.#readNumber(bytes, from, to);
    } else this.#state = byte === 0x74 || byte === 0x66 || byte === 0x6e ? inLiteral : failed;
    return from + 1;
  }

  /** Most keys are here whole, and in plain letters: they are looked up where they lie. */
  #readKey(bytes: Uint8Array, quote: number, to: number): number {
    const from = quote + 1;
    if (bytes[quote] !== 0x22) {
      if (bytes[quote] === 0x7d && this.#state === keyOrEnd) this.#close(false);
      else this.#state = failed;
      return from;
    }
    let end = from;
    while (end < to && bytes[end] !== 0x22 && bytes[end] !== 0x5c) end += 1;
    if (bytes[end] === 0x22 && end < to) {
      this.keys[this.depth - 1] = this.#names.find(bytes, from, end);
      this.#state = colon;
      return end + 1;
    }
    this.#string.begin('keep');
    this.#state = inKey;
    return this.#readString(bytes, from, to);
  }

  #readString(bytes: Uint8Array, from: number, to: number): number {
    const string = this.#string;
    const index = string.feed(bytes, from, to);
    if (!string.ended) return index;
    if (this.#state === inKey) {
      this.keys[this.depth - 1] = this.#names.named(string.text());
      this.#state = colon;
    } else {
      this.#reader.onString(this, string.characters, string.text());
      this.#endValue();
    }
    return index;
  }

  #readNumber(bytes: Uint8Array, from: number, to: number): number {
    let end = from;
    while (end < to && numeric[bytes[end] ?? 0] === 1) end += 1;
    if (this.#number !== undefined) {
      const room = longestNumber + 1 - this.#number.length;
      for (let index = from; index < Math.min(end, from + room); index += 1) {
        this.#number += String.fromCharCode(bytes[index] ?? 0);
      }
    }
    if (end === to) return end;
    if (this.#number !== undefined) {
      const number = this.#number.length > longestNumber ? Number.NaN : Number(this.#number);
      this.#reader.onNumber(this, number);
    }
    this.#endValue();
    return end;
  }

  #readLiteral(bytes: Uint8Array, from: number, to: number): number {
    let end = from;
    while (end < to && (bytes[end] ?? 0) >= 0x61 && (bytes[end] ?? 0) <= 0x7a) end += 1;
    if (end < to) this.#endValue();
    return end;
  }

  #endValue(): void {
    this.#state = this.depth === 0 ? done : after;
  }

  #open(isArray: boolean): void {
    if (this.depth === maxDepth) {
      this.#state = failed;
      return;
    }
    this.#isArray[this.depth] = isArray;
    this.keys[this.depth] = isArray ? '[]' : '';
    this.depth += 1;
    this.#state = isArray ? valueOrEnd : keyOrEnd;
  }

  #close(isArray: boolean): void {
    if (this.depth === 0 || this.#isArray[this.depth - 1] !== isArray) {
      this.#state = failed;
      return;
    }
    this.depth -= 1;
    this.#endValue();
  }
}
