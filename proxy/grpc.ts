/** Owns what a proxy has to know of gRPC: its requests, its refusals, and how long its messages are. */
import { droppedReasonHeader } from './errors.ts';
import type { Refusal } from './errors.ts';
import type { Caller } from './downstream/caller.ts';
import { headerOf } from './http1/header-of.ts';

const contentType = /^application\/grpc(?:$|[+;])/i;

/** Whether the request is one of gRPC, which needs HTTP/2. */
export const asksForGrpc = ({ isHttp2, head }: Caller): boolean =>
  isHttp2 && head.method === 'POST' && contentType.test(headerOf(head.headers, 'content-type') ?? '');

/** The codes that stand for a refusal's status (google.rpc.Code), nearest by meaning and by what clients do of them. */
const codes: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  408: 4,
  413: 8,
  414: 3,
  417: 3,
  429: 8,
  431: 8,
  500: 13,
  501: 12,
  502: 14,
  503: 14,
  504: 4,
};
const unknown = 2;

/** Returns the raw pairs that end a call of gRPC with `refused`, as trailers or in place of an answer. */
export function grpcTrailers(refused: Refusal): string[] {
  const code = codes[refused.status] ?? unknown;
  const pairs = ['grpc-status', String(code), 'grpc-message', encodeURIComponent(refused.message)];
  if (refused.status === 429 || refused.status === 503) pairs.push(droppedReasonHeader, refused.reason);
  if (refused.retryAfterSeconds !== undefined) {
    pairs.push('grpc-retry-pushback-ms', String(1_000 * refused.retryAfterSeconds));
  }
  return pairs;
}

/** Returns the head of an answer that is nothing but the refusal. */
export const grpcRefusalHeaders = (refused: Refusal): string[] => [
  'content-type',
  'application/grpc',
  ...grpcTrailers(refused),
];

/** Bytes before a message: whether it is compressed, and its length. */
const prefixBytes = 5;

/** Hears the messages of a call pass, to know their lengths before they have. */
export class GrpcMessages {
  #prefix: number[] = [];
  #remaining = 0;

  /** Returns the length of the longest message that has begun within `chunk`. */
  note(chunk: Buffer): number {
    let longest = 0;
    for (let at = 0; at < chunk.length;) {
      if (this.#remaining > 0) {
        const taken = Math.min(this.#remaining, chunk.length - at);
        this.#remaining -= taken;
        at += taken;
        continue;
      }
      this.#prefix.push(chunk[at] ?? 0);
      at += 1;
      if (this.#prefix.length < prefixBytes) continue;
      this.#remaining = this.#prefix.slice(1).reduce((length, byte) => length * 256 + byte, 0);
      this.#prefix = [];
      longest = Math.max(longest, this.#remaining);
    }
    return longest;
  }
}
