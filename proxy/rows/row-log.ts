/**
 * Owns the way of rows from requests to a sink: bounded by bytes, in batches, and never in the way of a request. What
 * finds no room is dropped and counted; only endpoints that ask for it wait for room instead.
 */
import { messageOf } from '../../platform/errors.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logging.ts';
import type { RowMetrics, RowResult } from './row-metrics.ts';
import type { Row, RowSink } from './row.ts';

export interface RowLogOptions {
  /** Undefined: there is no place for rows. */
  readonly sink: RowSink | undefined;
  /** Most bytes in memory: of rows that wait, and of those that are being collected. */
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly metrics: RowMetrics;
  readonly log: Logger;
}

/** Rows wait for company so long, or until so many bytes have come together. */
const gatherMs = 200;
const batchBytes = 64 * 1024;
const firstRetryMs = 250;
const slowestRetryMs = 5_000;
/** How long a process that ends tries to get rid of its rows. */
const usualFarewellMs = 5_000;

const dayMs = 86_400_000;

interface Queued {
  readonly row: Row;
  readonly since: number;
}

/** Rows that may be written together. */
interface Lane {
  readonly table: string;
  /** Since the epoch. */
  readonly day: number;
  readonly lossless: boolean;
  readonly rows: Queued[];
}

export class RowLog {
  readonly #options: RowLogOptions;
  /** Those that hold rows; each gets its turn. */
  readonly #lanes = new Map<string, Lane>();
  #queuedRows = 0;
  #usedBytes = 0;
  #queuedBytes = 0;
  readonly #waiting = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #retryMs = firstRetryMs;
  #stopped = false;
  /** Ends a pause. */
  #wake: (() => void) | undefined;

  constructor(options: RowLogOptions) {
    this.#options = options;
  }

  get queuedRows(): number {
    return this.#queuedRows;
  }

  /** Of rows that wait, and of those that are being collected. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** Whether one more row may be begun. */
  get hasRoom(): boolean {
    return this.#usedBytes < this.#options.maxBytes;
  }

  /** Takes room for a row that is being collected; false: there is none. */
  reserve(bytes: number): boolean {
    if (this.#usedBytes + bytes > this.#options.maxBytes) return false;
    this.#usedBytes += bytes;
    return true;
  }

  /** Takes room even where there is none: for those who have waited for their turn. */
  insist(bytes: number): void {
    this.#usedBytes += bytes;
  }

  /** Gives room back. */
  release(bytes: number): void {
    this.#usedBytes -= bytes;
    for (const onRoom of this.#waiting) {
      if (!this.hasRoom) return;
      this.#waiting.delete(onRoom);
      onRoom();
    }
  }

  /** Calls back once there is room, in the order of asking; returns how to end that. */
  awaitRoom(onRoom: () => void): () => void {
    this.#waiting.add(onRoom);
    return () => this.#waiting.delete(onRoom);
  }

  /** Takes a row, for whose bytes room was taken; it is written some time. */
  push(row: Row): void {
    if (this.#options.sink === undefined) {
      this.drop(row.kind, 'no_sink');
      this.release(row.bytes);
      return;
    }
    this.#laneOf(row).rows.push({ row, since: this.#options.clock.monotonic() });
    this.#queuedRows += 1;
    this.#queuedBytes += row.bytes;
    if (this.#writing !== undefined) return;
    if (this.#queuedBytes >= batchBytes) this.#begin();
    else this.#timer ??= setTimeout(() => this.#begin(), gatherMs).unref();
  }

  /** Counts a row that will not be. */
  drop(kind: Row['kind'], result: RowResult): void {
    this.#options.metrics.rows.inc({ kind, result });
  }

  /** Writes what there is, as far as that can be done soon. */
  async stop(farewellMs = usualFarewellMs): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#wake?.();
    this.#begin();
    const deadline = new Promise<void>((resolve) => setTimeout(resolve, farewellMs).unref());
    await Promise.race([this.#writing, deadline]);
    for (const lane of this.#lanes.values()) this.#settle(lane.rows.splice(0), false);
  }

  #laneOf({ table, lossless, at }: Row): Lane {
    const day = Math.floor(at / dayMs);
    const key = `${day}${lossless ? '!' : ' '}${table}`;
    const known = this.#lanes.get(key);
    if (known !== undefined) return known;
    const lane = { table, day, lossless, rows: [] };
    this.#lanes.set(key, lane);
    return lane;
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined;
    });
  }

  async #writeAll(): Promise<void> {
    for (;;) {
      const [next] = this.#lanes;
      if (next === undefined) return;
      const [key, lane] = next;
      this.#lanes.delete(key);
      const batch = takeBatch(lane.rows);
      const written = await this.#write(lane, batch);
      const again = !written && lane.lossless && !this.#stopped;
      if (again) lane.rows.unshift(...batch);
      else this.#settle(batch, written);
      this.#putBack(key, lane);
      if (written) this.#retryMs = firstRetryMs;
      else await this.#pause();
      // Making lines takes its time: requests come in between.
      await nextTurn();
    }
  }

  /** Behind the others; rows may have come for it meanwhile. */
  #putBack(key: string, lane: Lane): void {
    const newer = this.#lanes.get(key);
    if (newer !== undefined) lane.rows.push(...newer.rows);
    this.#lanes.delete(key);
    if (lane.rows.length > 0) this.#lanes.set(key, lane);
  }

  async #write({ table, day }: Lane, batch: readonly Queued[]): Promise<boolean> {
    const { sink, log } = this.#options;
    try {
      const lines = batch.map(({ row }) => row.line());
      const date = new Date(day * dayMs).toISOString().slice(0, 10);
      await sink?.write({ table, date, lines: Buffer.from(`${lines.join('\n')}\n`) });
      return true;
    } catch (error) {
      log.warn({ table, rows: batch.length, cause: messageOf(error) }, 'rows could not be written');
      return false;
    }
  }

  #settle(batch: readonly Queued[], written: boolean): void {
    const { metrics, clock } = this.#options;
    const now = clock.monotonic();
    let bytes = 0;
    for (const { row, since } of batch) {
      bytes += row.bytes;
      metrics.rows.inc({ kind: row.kind, result: written ? 'sent' : 'failed' });
      if (written) metrics.delay.observe({ kind: row.kind }, (now - since) / 1000);
    }
    this.#queuedBytes -= bytes;
    this.#queuedRows -= batch.length;
    this.release(bytes);
  }

  /** A disk that is full is not asked a thousand times a second. */
  async #pause(): Promise<void> {
    if (this.#stopped) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, this.#retryMs).unref();
    });
    this.#retryMs = Math.min(slowestRetryMs, this.#retryMs * 2);
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

function takeBatch(rows: Queued[]): Queued[] {
  let bytes = 0;
  let count = 0;
  for (const { row } of rows) {
    if (count > 0 && bytes + row.bytes > batchBytes) break;
    bytes += row.bytes;
    count += 1;
  }
  return rows.splice(0, count);
}
