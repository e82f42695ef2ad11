/** Owns talking to a proxy in bytes, past every HTTP client's good manners: what is sent, and which answers came. */
import { connect as connectPlain } from 'node:net';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ListenAddress } from '../../platform/listener.ts';
import type { TlsMaterial } from '../../platform/tls/tls-material.ts';

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface RawTarget {
  readonly address: ListenAddress;
  /** Speaks TLS and shows this certificate. */
  readonly tls?: TlsMaterial | undefined;
}

/** One connection, and all that was heard on it. */
export class RawClient {
  readonly socket: Socket;
  #heard = '';
  #closed = false;
  #error: Error | undefined;

  constructor({ address, tls }: RawTarget, alpn = 'http/1.1') {
    const { host, port } = address;
    this.socket =
      tls === undefined
        ? connectPlain({ host, port })
        : connectTls({
            host,
            port,
            secureContext: tls.secureContext,
            checkServerIdentity: () => undefined,
            ALPNProtocols: [alpn],
          });
    this.socket.setNoDelay(true);
    this.socket.on('data', (bytes: Buffer) => {
      this.#heard += bytes.toString('latin1');
    });
    this.socket.on('error', (error) => {
      this.#error = error;
    });
    this.socket.on('close', () => {
      this.#closed = true;
    });
  }

  /** The other side has ended the connection. */
  get closed(): boolean {
    return this.#closed;
  }

  /** What the connection broke of, as with a reset. */
  get error(): Error | undefined {
    return this.#error;
  }

  /** All bytes that came (latin1). */
  get heard(): string {
    return this.#heard;
  }

  /** The answers that are here whole; interim ones (1xx) count. */
  get answers(): RawAnswer[] {
    return parseAnswers(this.#heard, this.#closed).answers;
  }

  /** What follows the last whole answer. */
  get rest(): string {
    return parseAnswers(this.#heard, this.#closed).rest;
  }

  /** Sends bytes (latin1); returns when they have left. */
  send(text: string): Promise<void> {
    return new Promise((resolve) => {
      if (this.socket.destroyed) resolve();
      else this.socket.write(text, 'latin1', () => resolve());
    });
  }

  /** Waits until `count` answers are here, or the connection has ended. */
  async untilAnswers(count: number): Promise<void> {
    while (!this.#closed && this.answers.length < count) await pause();
  }

  async untilClosed(): Promise<void> {
    while (!this.#closed) await pause();
  }

  destroy(): void {
    this.socket.destroy();
  }
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));

/** Reads answers one after the other as RFC 9112 says, and nothing that is not there whole. */
function parseAnswers(text: string, closed: boolean): { answers: RawAnswer[]; rest: string } {
  const answers: RawAnswer[] = [];
  let rest = text;
  for (;;) {
    const end = rest.indexOf('\r\n\r\n');
    if (end === -1) return { answers, rest };
    const [first = '', ...lines] = rest.slice(0, end).split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1]);
    if (Number.isNaN(status)) return { answers, rest };
    const headers = Object.fromEntries(
      lines.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    );
    const body = bodyOf(status, headers, rest.slice(end + 4), closed);
    if (body === undefined) return { answers, rest };
    answers.push({ status, headers, body: body.text });
    rest = rest.slice(end + 4 + body.length);
  }
}

function bodyOf(
  status: number,
  headers: Readonly<Record<string, string>>,
  text: string,
  closed: boolean,
): { text: string; length: number } | undefined {
  if (status < 200 || status === 204 || status === 304) return { text: '', length: 0 };
  if (headers['transfer-encoding'] === 'chunked') return chunksOf(text);
  if (headers['content-length'] === undefined) return closed ? { text, length: text.length } : undefined;
  const length = Number(headers['content-length']);
  return text.length < length ? undefined : { text: text.slice(0, length), length };
}

function chunksOf(text: string): { text: string; length: number } | undefined {
  let body = '';
  let at = 0;
  for (;;) {
    const end = text.indexOf('\r\n', at);
    if (end === -1) return undefined;
    const size = Number.parseInt(text.slice(at, end), 16);
    at = end + 2;
    if (size === 0) {
      const last = text.indexOf('\r\n', at);
      return last === -1 ? undefined : { text: body, length: last + 2 };
    }
    if (text.length < at + size + 2) return undefined;
    body += text.slice(at, at + size);
    at += size + 2;
  }
}
