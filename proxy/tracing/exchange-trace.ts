/** Owns what is noted of an exchange that is traced: moments and ids, from which spans are made when it is over. */
import { randomBytes } from 'node:crypto';
import { formatTraceparent } from '../../core/tracing/trace-context.ts';
import type { TraceContext } from '../../core/tracing/trace-context.ts';
import { removeHeader } from '../http1/remove-header.ts';

/** One stage on the way; it ends where the next one begins. */
export interface StageMark {
  readonly stage: string;
  /** Monotonic milliseconds. */
  readonly at: number;
  /** Where a stage that forwards has sent the request. */
  sentTo: string | undefined;
  /** Of such a stage: the next hop knows it as its parent. */
  spanId: string | undefined;
  /** The answer began. */
  answeredAt: number | undefined;
}

export const newSpanId = (): string => randomBytes(8).toString('hex');

export class ExchangeTrace {
  readonly traceId: string;
  readonly spanId = newSpanId();
  /** Of whoever has sent the request; undefined: the trace begins here. */
  readonly parentSpanId: string | undefined;
  readonly marks: StageMark[] = [];
  readonly #now: () => number;

  constructor(parent: TraceContext | undefined, now: () => number) {
    this.traceId = parent?.traceId ?? randomBytes(16).toString('hex');
    this.parentSpanId = parent?.spanId;
    this.#now = now;
  }

  /** A stage begins. */
  mark(stage: string): void {
    this.marks.push({
      stage,
      at: this.#now(),
      sentTo: undefined,
      spanId: undefined,
      answeredAt: undefined,
    });
  }

  /** The request goes on to `authority`: puts into its raw header pairs that this is its parent. */
  sendOn(headers: string[], authority: string): void {
    // An attempt after a failed one is a step of its own.
    if (this.marks.at(-1)?.spanId !== undefined) this.mark(this.marks.at(-1)?.stage ?? '');
    const spanId = newSpanId();
    const mark = this.marks.at(-1);
    if (mark !== undefined) {
      mark.spanId = spanId;
      mark.sentTo = authority;
    }
    removeHeader(headers, 'traceparent');
    // Without a valid parent, what the caller says of its state means nothing (W3C Trace Context §3.3).
    if (this.parentSpanId === undefined) removeHeader(headers, 'tracestate');
    headers.push('traceparent', formatTraceparent({ traceId: this.traceId, spanId, isSampled: true }));
  }

  /** The answer to the request begins. */
  noteAnswer(): void {
    const mark = this.marks.at(-1);
    if (mark !== undefined) mark.answeredAt = this.#now();
  }
}
