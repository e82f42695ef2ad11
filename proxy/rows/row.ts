/** Owns what is recorded of a request: a line of a table, and where lines go. */

/** `payload`: what was asked and answered; `usage`: how many tokens that were. */
export type RowKind = 'payload' | 'usage';

export interface Row {
  readonly kind: RowKind;
  /** Where it belongs: a path of plain names. */
  readonly table: string;
  /** When the request came, in milliseconds since the epoch. */
  readonly at: number;
  /** Bytes that it keeps from being freed. */
  readonly bytes: number;
  /** It is tried again until it is written. */
  readonly lossless: boolean;
  /** Returns the row as JSON, without a line end; called when its turn has come, for it takes its time. */
  line(): string;
}

/** Lines of one table and day. */
export interface RowBatch {
  readonly table: string;
  /** `2026-11-30`, UTC. */
  readonly date: string;
  /** Each with its line end. */
  readonly lines: Buffer;
}

/** Where rows go. */
export interface RowSink {
  /**
   * Writes all of the batch, or nothing of it.
   *
   * @throws AppError when it cannot.
   */
  write(batch: RowBatch): Promise<void>;
}
