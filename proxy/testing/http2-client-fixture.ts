/** Owns asking a proxy over HTTP/2 in tests: node's own client, and whole answers. */
import { connect } from 'node:http2';
import type {
  ClientHttp2Session,
  ClientHttp2Stream,
  IncomingHttpHeaders,
  OutgoingHttpHeaders,
} from 'node:http2';
import type { RawTarget } from './raw-client-fixture.ts';

export interface Http2Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: string;
  /** How the stream ended (RFC 9113 §7); 0: as it should. */
  readonly code: number;
}

/** Opens a session; without certificate in the clear, where both know that HTTP/2 is spoken. */
export async function openSession({ address, tls }: RawTarget): Promise<ClientHttp2Session> {
  const { host, port } = address;
  const session =
    tls === undefined
      ? connect(`http://${host}:${port}`)
      : connect(`https://${host}:${port}`, {
          cert: tls.cert,
          key: tls.key,
          ca: tls.ca,
          checkServerIdentity: () => undefined,
        });
  await new Promise<void>((resolve, reject) => {
    session.once('connect', () => resolve()).once('error', reject);
  });
  session.on('error', () => undefined);
  return session;
}

/** Returns all that comes on a stream. */
export function answerOf(stream: ClientHttp2Stream): Promise<Http2Answer> {
  return new Promise((resolve) => {
    let headers: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders = {};
    let body = '';
    stream.on('response', (given) => (headers = given));
    stream.on('trailers', (given: IncomingHttpHeaders) => (trailers = given));
    stream.on('data', (bytes: Buffer) => (body += bytes.toString()));
    stream.on('error', () => undefined);
    stream.on('close', () => {
      resolve({ status: Number(headers[':status'] ?? 0), headers, trailers, body, code: stream.rstCode });
    });
  });
}

/** Asks once, with a whole body. */
export function ask(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body = '{}',
): Promise<Http2Answer> {
  const stream = session.request({ ':method': 'POST', ...headers });
  const answer = answerOf(stream);
  stream.end(body);
  return answer;
}
