/** Owns the spans of an exchange: one for the whole of it, and one for each stage that took its time, forwarding always. */
import type { PhaseSpan } from '../../core/cold-start/start-timeline.ts';
import { publicId } from '../public-id.ts';
import type { Exchange } from '../exchange.ts';
import { newSpanId } from './exchange-trace.ts';
import type { ExchangeTrace, StageMark } from './exchange-trace.ts';
import type { SpanAttributes, SpanData } from './span-data.ts';

export interface SpanSettings {
  /** The path by which the process is asked, with names in braces. */
  readonly route: string;
  /** Where the wait of a held exchange went. */
  readonly phasesOf: (exchange: Exchange) => readonly PhaseSpan[];
}

/** Stages that take less are no spans: they would be noise. */
const leastMs = 0.1;

/** Returns the spans of an exchange that is over since `endedAt` (monotonic milliseconds), parents first. */
export function makeSpans(
  exchange: Exchange,
  trace: ExchangeTrace,
  endedAt: number,
  settings: SpanSettings,
): SpanData[] {
  const whole: SpanData = {
    ...nothing(trace),
    name: `POST ${settings.route}`,
    kind: 'server',
    spanId: trace.spanId,
    parentSpanId: trace.parentSpanId,
    hasRemoteParent: trace.parentSpanId !== undefined,
    from: exchange.startedAt,
    to: endedAt,
    attributes: attributesOf(exchange, settings.route),
    error: errorOf(exchange),
  };
  const stages = trace.marks.flatMap((mark, index) => {
    const to = trace.marks[index + 1]?.at ?? endedAt;
    return mark.sentTo === undefined && to - mark.at < leastMs ? [] : [stageSpan(exchange, trace, mark, to)];
  });
  const phases = settings.phasesOf(exchange).map((phase) => phaseSpan(trace, phase, stages));
  return [whole, ...stages, ...phases];
}

const nothing = (trace: ExchangeTrace) => ({
  kind: 'internal' as const,
  traceId: trace.traceId,
  spanId: newSpanId(),
  parentSpanId: trace.spanId as string | undefined,
  hasRemoteParent: false,
  attributes: {} as SpanAttributes,
  events: [],
  error: undefined as string | undefined,
});

function stageSpan(exchange: Exchange, trace: ExchangeTrace, mark: StageMark, to: number): SpanData {
  const { stage, at, sentTo, spanId = newSpanId(), answeredAt } = mark;
  const span = { ...nothing(trace), name: stage, spanId, from: at, to };
  if (sentTo === undefined) return span;
  const [, host = sentTo, port = ''] = /^(.*):([0-9]+)$/.exec(sentTo) ?? [];
  const isAnswered = answeredAt !== undefined;
  return {
    ...span,
    kind: 'client',
    attributes: {
      'http.request.method': 'POST',
      'server.address': host,
      'server.port': Number(port),
      ...(isAnswered && exchange.status !== 0 ? { 'http.response.status_code': exchange.status } : {}),
    },
    events: isAnswered ? [{ name: 'answer begins', at: answeredAt }] : [],
    error: isAnswered ? errorOf(exchange) : exchange.reason || 'no answer',
  };
}

/** A phase of a cold start belongs to the wait in which it lies. */
function phaseSpan(
  trace: ExchangeTrace,
  { phase, from, to }: PhaseSpan,
  stages: readonly SpanData[],
): SpanData {
  const wait = stages.find((span) => span.name === 'queue' && span.from <= from && span.to > from);
  return {
    ...nothing(trace),
    name: `cold start: ${phase}`,
    parentSpanId: wait?.spanId ?? trace.spanId,
    from,
    to,
  };
}

/** Names follow the semantic conventions of OpenTelemetry where they have one. */
function attributesOf(exchange: Exchange, route: string): SpanAttributes {
  const { usage, reason, endpointLabel, servedEntity } = exchange;
  const failure = errorOf(exchange);
  return {
    'http.request.method': 'POST',
    'http.route': route,
    'http.response.status_code': exchange.status,
    'fairlead.request_id': publicId(exchange.requestId),
    ...(endpointLabel === '' ? {} : { 'fairlead.endpoint': endpointLabel }),
    ...(servedEntity === ''
      ? {}
      : { 'fairlead.served_entity': servedEntity, 'gen_ai.request.model': servedEntity }),
    ...(reason === '' ? {} : { 'fairlead.dropped_reason': reason }),
    ...(failure === undefined ? {} : { 'error.type': failure }),
    ...(usage === undefined
      ? {}
      : {
          'gen_ai.usage.input_tokens': usage.inputTokens,
          'gen_ai.usage.output_tokens': usage.outputTokens,
          'fairlead.usage.estimated': usage.estimated,
        }),
  };
}

/** A caller's own mistakes are no errors of a server (OpenTelemetry, HTTP server spans); an answer that was cut is one. */
function errorOf({ status, reason, refusal }: Exchange): string | undefined {
  if (status >= 500) return reason === '' ? String(status) : reason;
  return reason !== '' && refusal === undefined ? reason : undefined;
}
