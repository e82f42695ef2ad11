/** Owns the record of one exchange while it is under way: its bodies as they pass, and the row that is made of them. */
import { makePayloadRow } from '../../../core/accounting/payload-row.ts';
import type { RowFacts } from '../../../core/accounting/payload-row.ts';
import type { AnswerTap, RequestTap } from '../../exchange.ts';
import { headerOf } from '../../http1/header-of.ts';
import type { RowLog } from '../../rows/row-log.ts';
import type { Row } from '../../rows/row.ts';
import { BodyCopy } from './body-copy.ts';

export interface RecorderOptions {
  readonly table: string;
  readonly samplingFraction: number;
  readonly lossless: boolean;
  readonly log: RowLog;
}

/** What a row takes beside its bodies. */
const bytesOfRow = 1024;

export class PayloadRecorder implements AnswerTap, RequestTap {
  readonly request: BodyCopy;
  readonly #options: RecorderOptions;
  readonly #response: BodyCopy;
  #isStream = false;
  #isGivenUp = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
    const { log, lossless } = options;
    this.request = new BodyCopy(log, lossless);
    this.#response = new BodyCopy(log, lossless);
    if (lossless) log.insist(bytesOfRow);
    else if (!log.reserve(bytesOfRow)) this.#giveUp(0);
  }

  get isStream(): boolean {
    return this.#isStream;
  }

  onRequestChunk(chunk: Buffer): void {
    if (!this.#isGivenUp && !this.request.add(chunk)) this.#giveUp(bytesOfRow);
  }

  onHead(_status: number, headers: readonly string[]): void {
    this.#isStream =
      headerOf(headers, 'content-type')?.toLowerCase().startsWith('text/event-stream') === true;
  }

  onChunk(chunk: Buffer): void {
    if (!this.#isGivenUp && !this.#response.add(chunk)) this.#giveUp(bytesOfRow);
  }

  onEnd(): void {
    this.#response.isWhole = true;
  }

  /** An answer that the proxy gave itself. */
  onRefusal(body: string): void {
    this.onChunk(Buffer.from(body));
    this.onEnd();
  }

  /** The exchange is over: hands its row to the log. */
  finish(facts: RowFacts, durationMs: number): void {
    if (this.#isGivenUp) return;
    const { table, samplingFraction, lossless, log } = this.#options;
    const { request } = this;
    const response = this.#response;
    const isStream = this.#isStream;
    const row: Row = {
      kind: 'payload',
      table,
      at: facts.at,
      bytes: bytesOfRow + request.bytes + response.bytes,
      lossless,
      line: () => makePayloadRow({ ...facts, samplingFraction, durationMs, request, response, isStream }),
    };
    log.push(row);
  }

  /** There is no room: the request goes on, and its row is dropped. */
  #giveUp(bytes: number): void {
    this.#isGivenUp = true;
    const { log } = this.#options;
    this.request.clear();
    this.#response.clear();
    log.release(bytes);
    log.drop('payload', 'overflow');
  }
}
