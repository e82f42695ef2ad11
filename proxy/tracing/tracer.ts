/** Owns which exchanges are traced, and what becomes of their spans. */
import type { PhaseSpan } from '../../core/cold-start/start-timeline.ts';
import { parseTraceparent } from '../../core/tracing/trace-context.ts';
import type { TraceContext } from '../../core/tracing/trace-context.ts';
import type { Exchange } from '../exchange.ts';
import { forwardedHeaders } from '../forwarded-caller.ts';
import { headerOf } from '../http1/header-of.ts';
import { ExchangeTrace } from './exchange-trace.ts';
import { makeSpans } from './make-spans.ts';
import type { SpanData } from './span-data.ts';

/** Where spans go. */
export interface SpanExport {
  /** Takes spans; they are sent some time, or dropped and counted. */
  take(spans: readonly SpanData[]): void;
  stop(): Promise<void>;
}

export interface TracerOptions {
  /** Share of the requests that are traced of those which nobody before has decided on. */
  readonly ratio: number;
  /** The path by which the process is asked, with names in braces. */
  readonly route: string;
  readonly phasesOf?: (exchange: Exchange) => readonly PhaseSpan[];
  readonly exporter: SpanExport;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** From 0 up to 1. */
  readonly random: () => number;
}

const noPhases = (): readonly PhaseSpan[] => [];

export class Tracer {
  readonly #options: TracerOptions;
  readonly #settings: { route: string; phasesOf: (exchange: Exchange) => readonly PhaseSpan[] };

  constructor(options: TracerOptions) {
    this.#options = options;
    this.#settings = { route: options.route, phasesOf: options.phasesOf ?? noPhases };
  }

  /** Decides whether the exchange is traced, before it goes through its first stage. */
  begin(exchange: Exchange): void {
    const { headers } = exchange.caller.head;
    const parent = parentOf(headers);
    const { ratio, random, now } = this.#options;
    // An earlier hop of ours that has sent no parent has decided against it.
    const isDecided = parent !== undefined || headerOf(headers, forwardedHeaders.accounted) !== undefined;
    const isSampled = isDecided ? parent?.isSampled === true : ratio > 0 && random() < ratio;
    if (isSampled) exchange.trace = new ExchangeTrace(parent, now);
  }

  /** The exchange is over. */
  end(exchange: Exchange): void {
    const { trace } = exchange;
    if (trace === undefined) return;
    const { exporter, now } = this.#options;
    exporter.take(makeSpans(exchange, trace, now(), this.#settings));
  }

  stop(): Promise<void> {
    return this.#options.exporter.stop();
  }
}

const traceparent = 'traceparent';

/** Of two parents none counts (W3C Trace Context §3.2). */
function parentOf(headers: readonly string[]): TraceContext | undefined {
  const value = headerOf(headers, traceparent);
  if (value === undefined) return undefined;
  let count = 0;
  for (let index = 0; index < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() === traceparent) count += 1;
  }
  return count === 1 ? parseTraceparent(value) : undefined;
}
