/**
 * Owns sending spans to a collector by OTLP over HTTP, in protobuf. It is loaded only where a collector is configured:
 * the libraries cost some megabytes.
 */
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import type { HrTime, SpanContext } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace';
import { Counter } from 'prom-client';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logging.ts';
import type { Registry } from '../../platform/metrics.ts';
import type { SpanData } from './span-data.ts';
import type { SpanExport } from './tracer.ts';

export interface OtlpOptions {
  /** Of the collector: its base, or the whole URL for traces. */
  readonly endpoint: string;
  /** `service.name` of the process. */
  readonly service: string;
  /** Name of the pod. */
  readonly instance: string;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly log: Logger;
}

const maxQueuedSpans = 4_096;
const scheduledDelayMs = 1_000;
const exportTimeoutMs = 10_000;
/** How long a process that ends tries to get rid of its spans. */
const farewellMs = 3_000;

/** Returns the way to the collector. Credentials for it come from the environment, as the exporter of OpenTelemetry reads it. */
export function startOtlpExport(options: OtlpOptions): SpanExport {
  const { clock, registry, log } = options;
  const counter = counterOn(registry);
  let queued = 0;
  const exporter = new OTLPTraceExporter({ url: urlOf(options.endpoint), timeoutMillis: exportTimeoutMs });
  const counted: SpanExporter = {
    export: (spans, onResult) => {
      exporter.export(spans, (result) => {
        const { error } = result;
        queued -= spans.length;
        counter.inc({ result: error === undefined ? 'sent' : 'failed' }, spans.length);
        if (error !== undefined)
          log.warn({ spans: spans.length, cause: error.message }, 'spans could not be sent');
        onResult(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
  const processor = new BatchSpanProcessor({
    exporter: counted,
    maxQueueSize: maxQueuedSpans,
    scheduledDelayMillis: scheduledDelayMs,
    exportTimeoutMillis: exportTimeoutMs,
  });
  const toReadable = makeConversion(options);
  return {
    take: (spans) => {
      if (queued + spans.length > maxQueuedSpans) {
        counter.inc({ result: 'overflow' }, spans.length);
        return;
      }
      queued += spans.length;
      const offset = clock.now() - clock.monotonic();
      for (const span of spans) processor.onEnd(toReadable(span, offset));
    },
    stop: async () => {
      const deadline = new Promise<void>((resolve) => setTimeout(resolve, farewellMs).unref());
      // What could not be sent was counted and told where that happened.
      const sent = processor.shutdown().catch(() => undefined);
      await Promise.race([sent, deadline]);
    },
  };
}

const counterName = 'fairlead_trace_spans_total';

/** The same one for every collector that the process has had. */
function counterOn(registry: Registry): Counter<'result'> {
  const known = registry.getSingleMetric(counterName) as Counter<'result'> | undefined;
  if (known !== undefined) return known;
  const counter = new Counter({
    name: counterName,
    help: 'Spans by what became of them: sent, failed, overflow.',
    labelNames: ['result'] as const,
    registers: [registry],
  });
  for (const result of ['sent', 'failed', 'overflow']) counter.inc({ result }, 0);
  return counter;
}

const urlOf = (endpoint: string): string => {
  const url = new URL(endpoint);
  if (!url.pathname.endsWith('/v1/traces')) url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/traces`;
  return url.href;
};

const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL } as const;

function makeConversion({
  service,
  instance,
}: OtlpOptions): (span: SpanData, offset: number) => ReadableSpan {
  const resource = resourceFromAttributes({ 'service.name': service, 'service.instance.id': instance });
  const instrumentationScope = { name: 'fairlead' };
  const contextOf = (span: SpanData, spanId: string, isRemote: boolean): SpanContext => ({
    traceId: span.traceId,
    spanId,
    isRemote,
    traceFlags: TraceFlags.SAMPLED,
  });
  return (span, offset) => {
    const context = contextOf(span, span.spanId, false);
    const { parentSpanId, hasRemoteParent, error } = span;
    return {
      name: span.name,
      kind: kinds[span.kind],
      spanContext: () => context,
      ...(parentSpanId === undefined
        ? {}
        : { parentSpanContext: contextOf(span, parentSpanId, hasRemoteParent) }),
      startTime: timeOf(span.from + offset),
      endTime: timeOf(span.to + offset),
      duration: timeOf(span.to - span.from),
      status:
        error === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: error },
      attributes: span.attributes,
      links: [],
      events: span.events.map(({ name, at }) => ({ name, time: timeOf(at + offset) })),
      ended: true,
      resource,
      instrumentationScope,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    };
  };
}

function timeOf(milliseconds: number): HrTime {
  const seconds = Math.floor(milliseconds / 1000);
  return [seconds, Math.round((milliseconds - seconds * 1000) * 1e6)];
}
