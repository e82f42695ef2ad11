/** Owns how a case of the safety suite is written: the bytes that are sent, and what has to come of them. */
import type { SeenRequest } from '../model-server-fixture.ts';
import type { RawAnswer } from '../raw-client-fixture.ts';

/** A proxy in the words of a request to it. */
export interface Wording {
  /** The path of a good request. */
  readonly path: string;
  /** Header lines without which a good request is none there. */
  readonly credentials: readonly string[];
  /** Greatest body that it takes. */
  readonly maxBodyBytes: number;
  /** Greatest head that it takes. */
  readonly maxHeadBytes: number;
}

export interface SafetyCase {
  /** Completes the sentence "a caller who sends …". */
  readonly name: string;
  /** The bytes (latin1), piece by piece; a number waits for so many milliseconds. */
  readonly send: (to: Wording) => string | readonly (string | number)[];
  /** The statuses of all that is answered. */
  readonly answers: readonly number[];
  /** What becomes of the connection; where it stays, the next answer must belong to the next request. */
  readonly then: 'stays' | 'closes';
  /** Bodies that the model gets; default: as many as there are answers with status 200, whatever they are. */
  readonly seen?: readonly string[];
  readonly check?: (seen: readonly SeenRequest[], answers: readonly RawAnswer[]) => void;
}

/** Returns a whole head; without `Host` where a line of `headers` begins with it. */
export function head(
  to: Wording,
  headers: readonly string[] = [],
  line = `POST ${to.path} HTTP/1.1`,
): string {
  const host = headers.some((text) => /^host\b/i.test(text)) ? [] : ['Host: models.example'];
  return `${[line, ...host, ...to.credentials, ...headers].join('\r\n')}\r\n\r\n`;
}

/** Returns a good request with `body`, with more headers. */
export const post = (to: Wording, body = '{}', headers: readonly string[] = []): string =>
  head(to, [...headers, `Content-Length: ${body.length}`]) + body;

/** Returns a request whose body is what `chunks` say literally. */
export const chunked = (to: Wording, chunks: string, headers: readonly string[] = []): string =>
  head(to, ['Transfer-Encoding: chunked', ...headers]) + chunks;

/** Returns a case that is refused with `status`, after which the connection ends and the model has seen nothing. */
export const refused = (name: string, status: number, send: SafetyCase['send']): SafetyCase => ({
  name,
  send,
  answers: [status],
  then: 'closes',
  seen: [],
});

/** Returns a case in which only header lines beside a body of four bytes are wrong. */
export const refusedFor = (name: string, status: number, ...headers: string[]): SafetyCase =>
  refused(name, status, (to) => `${head(to, headers)}body`);

/** Returns a case that is served, and after which the connection stays. */
export const served = (name: string, send: SafetyCase['send'], seen?: readonly string[]): SafetyCase => ({
  name,
  send,
  answers: [200],
  then: 'stays',
  ...(seen === undefined ? {} : { seen }),
});
