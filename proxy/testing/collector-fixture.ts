/** Owns a collector of traces for tests: a real HTTP server on loopback that reads OTLP in protobuf. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { Message } from './protobuf-fixture.ts';

export interface CollectedSpan {
  readonly service: string;
  readonly name: string;
  readonly kind: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  /** Nanoseconds since the epoch. */
  readonly from: bigint;
  readonly to: bigint;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly events: readonly string[];
  /** 2: an error. */
  readonly statusCode: number;
  readonly statusMessage: string;
}

export interface Collector {
  readonly url: string;
  readonly spans: CollectedSpan[];
  readonly headers: Record<string, string | string[] | undefined>[];
  /** What it answers. */
  status: number;
  stop(): Promise<void>;
}

/** Of span kinds, as OTLP numbers them. */
export const spanKinds = { internal: 1, server: 2, client: 3 } as const;

export async function startCollector(): Promise<Collector> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      collector.headers.push(request.headers);
      const bytes = Buffer.concat(chunks);
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
      if (request.url === '/v1/traces' && collector.status === 200) collector.spans.push(...readSpans(body));
      response.writeHead(collector.status, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const collector: Collector = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: [],
    headers: [],
    status: 200,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return collector;
}

/** Field numbers are those of opentelemetry-proto: trace.proto, common.proto. */
function readSpans(bytes: Buffer): CollectedSpan[] {
  return new Message(bytes).messages(1).flatMap((ofResource) => {
    const service = attributesOf(ofResource.messages(1)[0], 1)['service.name'];
    return ofResource
      .messages(2)
      .flatMap((ofScope) => ofScope.messages(2).map((span) => readSpan(span, String(service))));
  });
}

function readSpan(span: Message, service: string): CollectedSpan {
  const status = span.messages(15)[0];
  return {
    service,
    name: span.text(5),
    kind: span.number(6),
    traceId: span.bytes(1)[0]?.toString('hex') ?? '',
    spanId: span.bytes(2)[0]?.toString('hex') ?? '',
    parentSpanId: span.bytes(4)[0]?.toString('hex') ?? '',
    from: span.bigint(7),
    to: span.bigint(8),
    attributes: attributesOf(span, 9),
    events: span.messages(11).map((event) => event.text(2)),
    statusCode: status?.number(3) ?? 0,
    statusMessage: status?.text(2) ?? '',
  };
}

function attributesOf(message: Message | undefined, field: number): CollectedSpan['attributes'] {
  return Object.fromEntries(
    (message?.messages(field) ?? []).map((pair) => [pair.text(1), readValue(pair.messages(2)[0])]),
  );
}

function readValue(value: Message | undefined): string | number | boolean {
  if (value?.has(2) === true) return value.number(2) === 1;
  if (value?.has(3) === true) return value.number(3);
  if (value?.has(4) === true) return value.double(4);
  return value?.text(1) ?? '';
}
