/** Owns the words of an HTTP/1.1 answer's head. Values are safe: they were parsed by rules that let no line end through. */
import { STATUS_CODES } from 'node:http';

export interface AnswerHead {
  readonly status: number;
  /** Empty: the usual one. */
  readonly reason: string;
  /** Raw name/value pairs, without those of one hop. */
  readonly headers: readonly string[];
  readonly chunked: boolean;
  /** Seconds that the connection is kept when idle; undefined: it is closed after the answer. */
  readonly keepAliveSeconds: number | undefined;
}

/** Returns the head with its empty line (latin1). */
export function makeAnswerHead(head: AnswerHead): string {
  const { status, headers, keepAliveSeconds } = head;
  const reason = head.reason === '' ? (STATUS_CODES[status] ?? '') : head.reason;
  let text = `HTTP/1.1 ${status} ${reason}\r\n`;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    text += `${headers[index] ?? ''}: ${headers[index + 1] ?? ''}\r\n`;
  }
  if (head.chunked) text += 'transfer-encoding: chunked\r\n';
  if (keepAliveSeconds === undefined) return `${text}connection: close\r\n\r\n`;
  return `${text}keep-alive: timeout=${keepAliveSeconds}\r\n\r\n`;
}

/** Returns an interim answer (1xx). */
export function makeInformation(status: number, headers: readonly string[]): string {
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    text += `${headers[index] ?? ''}: ${headers[index + 1] ?? ''}\r\n`;
  }
  return `${text}\r\n`;
}
