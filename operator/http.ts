/** Owns what the operator's small HTTP servers share: bounded bodies and JSON answers. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import { AppError } from '../platform/errors.ts';

/**
 * Returns the socket of a request that came over TLS.
 *
 * @throws Error for a request that did not: a mistake in the program.
 */
export function tlsSocketOf({ socket }: IncomingMessage): TLSSocket {
  if (socket instanceof TLSSocket) return socket;
  throw new Error('the request did not come over TLS');
}

/** Sends a JSON answer. */
export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { ...headers, 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/**
 * Returns the body of a request as parsed JSON.
 *
 * @throws AppError `BODY_TOO_LARGE`, `BODY_INVALID`.
 */
export async function readJson(request: IncomingMessage, maxBytes: number): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new AppError('BODY_TOO_LARGE', `the body has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (error) {
    throw new AppError('BODY_INVALID', 'the body is not JSON', { cause: error });
  }
}
