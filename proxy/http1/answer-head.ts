/** Owns the words of an HTTP/1.1 answer's head. Values are safe: they were parsed by rules that let no line end through. */
import { STATUS_CODES } from 'node:http';

export interface AnswerHead {
  readonly status: number;
  /** Empty: the usual one. */
  readonly reason: string;
  /** Raw name/value pairs, without those of one hop. */
  readonly headers: readonly string[];
  readonly chunked: boolean;
  /**
   * What becomes of the connection: the number of seconds that it is kept when idle; or it is closed after the answer; or
   * it speaks WebSocket from now on.
   */
  readonly connection: number | 'close' | 'websocket';
}

/** Returns the head with its empty line (latin1). */
export function makeAnswerHead(head: AnswerHead): string {
  const { status, headers, connection } = head;
  const reason = head.reason === '' ? (STATUS_CODES[status] ?? '') : head.reason;
  let text = `HTTP/1.1 ${status} ${reason}\r\n`;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    text += `${headers[index] ?? ''}: ${headers[index + 1] ?? ''}\r\n`;
  }
  if (head.chunked) text += 'transfer-encoding: chunked\r\n';
  if (typeof connection === 'number') return `${text}keep-alive: timeout=${connection}\r\n\r\n`;
  if (connection === 'close') return `${text}connection: close\r\n\r\n`;
  return `${text}connection: Upgrade\r\nupgrade: websocket\r\n\r\n`;
}

/** Returns an interim answer (1xx). */
export function makeInformation(status: number, headers: readonly string[]): string {
  let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n`;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    text += `${headers[index] ?? ''}: ${headers[index + 1] ?? ''}\r\n`;
  }
  return `${text}\r\n`;
}
