/** Owns resetting a stream of HTTP/2 in a way that node survives. */
import type { Http2Stream } from 'node:http2';

/**
 * Resets `stream` with `code` (RFC 9113 §7) once what has called us is done. Node aborts the whole process where a stream
 * that still has something to send, and trailers behind it, is reset while its session hands out what it has received: it
 * puts the reset off, forgets the stream, and then finds it among those that have something to send.
 */
export function resetStream(stream: Http2Stream, code: number): void {
  setImmediate(() => {
    if (!stream.closed && !stream.destroyed) stream.close(code);
  });
}
