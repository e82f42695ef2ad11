/** Owns cutting a stream of server-sent events (WHATWG HTML §9.2.6) into the data of its events, as it comes in pieces. */

/** Who is told the data. */
export interface SseReader {
  /** A piece of an event's data: the bytes from `from` up to `to`. */
  onData(bytes: Uint8Array, from: number, to: number): void;
  /** A line of data has begun: another one of the same event, or the first one. */
  onLine(): void;
  /** The event is whole. */
  onEvent(): void;
}

const cr = 0x0d;
const lf = 0x0a;
const space = 0x20;
const prefix = [0x64, 0x61, 0x74, 0x61, 0x3a];

const inPrefix = 0;
const afterPrefix = 1;
const inData = 2;
const inOther = 3;

export class SseData {
  readonly #reader: SseReader;
  #state = inPrefix;
  /** Bytes of the line's beginning that are those of `data:`. */
  #matched = 0;
  #isEmptyLine = true;
  #afterCr = false;

  constructor(reader: SseReader) {
    this.#reader = reader;
  }

  feed(bytes: Uint8Array): void {
    let index = 0;
    while (index < bytes.length) {
      const byte = bytes[index] ?? 0;
      if (byte === lf && this.#afterCr) {
        this.#afterCr = false;
        index += 1;
      } else if (byte === cr || byte === lf) {
        this.#endLine(byte === cr);
        index += 1;
      } else index = this.#readLine(bytes, index, byte);
    }
  }

  #readLine(bytes: Uint8Array, from: number, byte: number): number {
    this.#afterCr = false;
    this.#isEmptyLine = false;
    if (this.#state === inPrefix) {
      this.#readPrefix(byte);
      return from + 1;
    }
    if (this.#state === afterPrefix) {
      this.#state = inData;
      this.#reader.onLine();
      // One space after the colon belongs to neither.
      if (byte === space) return from + 1;
    }
    const end = endOfLine(bytes, from);
    if (this.#state === inData) this.#reader.onData(bytes, from, end);
    return end;
  }

  #readPrefix(byte: number): void {
    if (byte !== prefix[this.#matched]) {
      this.#state = inOther;
      return;
    }
    this.#matched += 1;
    if (this.#matched === prefix.length) this.#state = afterPrefix;
  }

  #endLine(isCr: boolean): void {
    if (this.#isEmptyLine) this.#reader.onEvent();
    this.#afterCr = isCr;
    this.#isEmptyLine = true;
    this.#matched = 0;
    this.#state = inPrefix;
  }
}

function endOfLine(bytes: Uint8Array, from: number): number {
  let index = from;
  while (index < bytes.length && bytes[index] !== lf && bytes[index] !== cr) index += 1;
  return index;
}
