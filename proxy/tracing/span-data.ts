/** Owns a span as this program knows it, before it becomes one of whatever exports it. */

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanData {
  readonly name: string;
  readonly kind: 'server' | 'client' | 'internal';
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  /** The parent is in another process. */
  readonly hasRemoteParent: boolean;
  /** Monotonic milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly attributes: SpanAttributes;
  readonly events: readonly { readonly name: string; readonly at: number }[];
  /** What has failed, in a word; undefined where nothing has. */
  readonly error: string | undefined;
}
