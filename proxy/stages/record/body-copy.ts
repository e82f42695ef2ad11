/** Owns what is kept of one body for a log: the pieces themselves, no copy of them, up to a bound, while there is room. */
import { maxPayloadBytes } from '../../../core/accounting/payload-row.ts';
import type { Payload } from '../../../core/accounting/payload-row.ts';
import type { RowLog } from '../../rows/row-log.ts';

export class BodyCopy implements Payload {
  readonly chunks: Buffer[] = [];
  isTooLong = false;
  isWhole = false;
  /** Room that was taken. */
  bytes = 0;
  readonly #log: RowLog;
  readonly #lossless: boolean;

  constructor(log: RowLog, lossless: boolean) {
    this.#log = log;
    this.#lossless = lossless;
  }

  /** Keeps the piece; false: there was no room, and so there will be no row. */
  add(chunk: Buffer): boolean {
    if (this.isTooLong || chunk.length === 0) return true;
    if (this.bytes + chunk.length > maxPayloadBytes) {
      this.isTooLong = true;
      this.clear();
      return true;
    }
    if (this.#lossless) this.#log.insist(chunk.length);
    else if (!this.#log.reserve(chunk.length)) return false;
    this.bytes += chunk.length;
    this.chunks.push(chunk);
    return true;
  }

  /** Lets go of what is kept. */
  clear(): void {
    this.#log.release(this.bytes);
    this.bytes = 0;
    this.chunks.length = 0;
  }
}
