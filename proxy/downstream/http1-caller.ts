/** Owns one request on an HTTP/1.1 connection and its answer: the body as it is wanted, the answer in few writes. */
import { makeAnswerHead, makeInformation } from '../http1/answer-head.ts';
import { BodyReader } from '../http1/body-reader.ts';
import type { BodyFraming, BodySink } from '../http1/body-reader.ts';
import type { RequestHead } from '../http1/request-head.ts';
import { malformedBody } from './malformed-body.ts';
import type { AnswerFraming, Caller, CallerEvents, Peer } from './caller.ts';

/** What a request needs of the connection that it came on. */
export interface CallerConnection {
  readonly peer: Peer;
  /** The bytes that were received and nobody has taken yet. */
  unread: Buffer | undefined;
  /** Seconds that the connection is kept after this request; undefined: it ends with it. */
  keepAliveSeconds(caller: Http1Caller): number | undefined;
  /** There is use for bytes again, or none for now. */
  pump(): void;
  /** Writes; false: stop until the caller is told to go on. */
  write(bytes: Buffer): boolean;
  writeParts(parts: readonly Buffer[]): boolean;
  /** The answer is handed over, nothing more comes. `keep`: as its head has promised. */
  onAnswered(caller: Http1Caller, keep: boolean): void;
  destroy(): void;
  /** Ends it in a way that nobody takes for a usual end. */
  reset(): void;
}

/** Up to this size head and body go out as one piece: copying costs less than a second system call. */
const joinedUpToBytes = 16 * 1024;
const crlf = Buffer.from('\r\n');
const lastChunk = Buffer.from('0\r\n\r\n');
const nothing = Buffer.alloc(0);

export class Http1Caller implements Caller {
  readonly isHttp2 = false;
  readonly head: RequestHead;
  events: CallerEvents | undefined;
  readonly #connection: CallerConnection;
  #reader: BodyReader | undefined;
  #sink: BodySink | undefined;
  #paused = false;
  #bodyDone: boolean;
  #framing: AnswerFraming | undefined;
  #keep = false;
  #chunked = false;
  #endsWithConnection = false;
  /** A head that waits for the first piece of its body, to go out with it. */
  #pendingHead = '';
  #ended = false;

  constructor(connection: CallerConnection, head: RequestHead) {
    this.#connection = connection;
    this.head = head;
    this.#bodyDone = head.contentLength === 0;
  }

  get peer(): Peer {
    return this.#connection.peer;
  }

  get answered(): boolean {
    return this.#framing !== undefined;
  }

  get stillSends(): boolean {
    return !this.#bodyDone;
  }

  /** It speaks another protocol than HTTP now, bytes go both ways as they come. */
  get isTunnel(): boolean {
    return this.#framing === 'tunnel';
  }

  /** Whether bytes would be taken now. */
  get wantsBody(): boolean {
    return this.#sink !== undefined && !this.#paused && !this.#bodyDone;
  }

  takeWholeBody(): Buffer | undefined {
    const { contentLength } = this.head;
    if (contentLength === undefined || this.#sink !== undefined) return undefined;
    if (contentLength === 0) return nothing;
    const { unread } = this.#connection;
    if (unread === undefined || unread.length < contentLength) return undefined;
    this.#bodyDone = true;
    this.#connection.unread = unread.length === contentLength ? undefined : unread.subarray(contentLength);
    this.#connection.pump();
    return unread.length === contentLength ? unread : unread.subarray(0, contentLength);
  }

  readBody(sink: BodySink): void {
    if (this.isTunnel) {
      this.#bodyDone = false;
      this.#takeBody('until-close', sink);
    } else if (this.#bodyDone) {
      sink.onBodyEnd([]);
    } else {
      const { contentLength } = this.head;
      this.#takeBody(contentLength === undefined ? 'chunked' : { length: contentLength }, sink);
    }
  }

  pauseBody(): void {
    this.#paused = true;
    this.#connection.pump();
  }

  resumeBody(): void {
    this.#paused = false;
    this.#connection.pump();
  }

  /**
   * Takes what it can from the front of `bytes`, and returns how much that was.
   *
   * @throws MalformedBody.
   */
  feed(bytes: Buffer): number {
    return this.#reader?.feed(bytes) ?? 0;
  }

  sendContinue(): void {
    if (!this.answered) this.#connection.write(Buffer.from(makeInformation(100, []), 'latin1'));
  }

  sendInformation(status: number, headers: readonly string[]): void {
    // HTTP/1.0 knows no interim answers (RFC 9110 §15.2).
    if (this.answered || this.head.minorVersion === 0) return;
    this.#connection.write(Buffer.from(makeInformation(status, headers), 'latin1'));
  }

  sendHead(status: number, reason: string, headers: readonly string[], asked: AnswerFraming): void {
    // A body in answer to HEAD would be taken for the next answer (RFC 9110 §9.3.2).
    const framing = this.head.method === 'HEAD' ? 'none' : asked;
    this.#framing = framing;
    const isOld = this.head.minorVersion === 0;
    this.#chunked = framing === 'stream' && !isOld;
    // Where neither a length nor chunks mark the end of the body, the end of the connection does.
    this.#endsWithConnection = framing === 'stream' && isOld;
    const kept =
      this.#endsWithConnection || this.isTunnel ? undefined : this.#connection.keepAliveSeconds(this);
    this.#keep = kept !== undefined;
    const connection = this.isTunnel ? 'websocket' : (kept ?? 'close');
    this.#pendingHead = makeAnswerHead({ status, reason, headers, chunked: this.#chunked, connection });
    // An answer that streams is to be seen from its head on, not from its first byte on.
    if (framing === 'stream' || framing === 'tunnel') process.nextTick(flushHead, this);
  }

  write(chunk: Buffer): boolean {
    if (chunk.length === 0 || this.#framing === 'none') return true;
    const head = this.#takeHead();
    if (!this.#chunked) return this.#send(head, chunk, nothing);
    return this.#send(`${head}${chunk.length.toString(16)}\r\n`, chunk, crlf);
  }

  end(chunk: Buffer = nothing, trailers: readonly string[] = []): void {
    if (this.#ended) return;
    this.#ended = true;
    const head = this.#takeHead();
    const body = this.#framing === 'none' ? nothing : chunk;
    if (!this.#chunked) {
      if (head !== '' || body.length > 0) this.#send(head, body, nothing);
    } else {
      const end = trailers.length === 0 ? lastChunk : Buffer.from(trailerText(trailers), 'latin1');
      if (body.length === 0) this.#send(head, end, nothing);
      else this.#send(`${head}${body.length.toString(16)}\r\n`, body, Buffer.concat([crlf, end]));
    }
    this.#connection.onAnswered(this, this.#keep);
  }

  cut(lastWords?: Buffer): void {
    if (this.#ended) return;
    this.#ended = true;
    if (lastWords === undefined || !(this.#chunked || this.isTunnel || this.#endsWithConnection)) {
      // Where the end of the connection is the end of the answer, a usual one would make it look whole.
      if (this.#endsWithConnection) this.#connection.reset();
      else this.#connection.destroy();
      return;
    }
    const head = this.#takeHead();
    // An empty chunk would be the last one, which never comes: that is the cut.
    if (lastWords.length === 0) this.#send(head, nothing, nothing);
    else if (this.#chunked) this.#send(`${head}${lastWords.length.toString(16)}\r\n`, lastWords, crlf);
    else this.#send(head, lastWords, nothing);
    this.#connection.onAnswered(this, false);
  }

  /** Sends a head that nobody has followed with a body so far. */
  flushHead(): void {
    const head = this.#takeHead();
    if (head !== '' && !this.#ended) this.#connection.write(Buffer.from(head, 'latin1'));
  }

  #takeBody(framing: BodyFraming, sink: BodySink): void {
    this.#sink = sink;
    this.#reader = new BodyReader(
      framing,
      {
        onBody: (chunk, last) => sink.onBody(chunk, last),
        onBodyEnd: (trailers) => {
          this.#bodyDone = true;
          sink.onBodyEnd(trailers);
        },
      },
      malformedBody,
    );
    this.#connection.pump();
  }

  #takeHead(): string {
    const head = this.#pendingHead;
    this.#pendingHead = '';
    return head;
  }

  #send(head: string, body: Buffer, tail: Buffer): boolean {
    const length = head.length + body.length + tail.length;
    if (length > joinedUpToBytes) {
      const parts = [Buffer.from(head, 'latin1'), body, tail];
      return this.#connection.writeParts(parts.filter((part) => part.length > 0));
    }
    if (head === '' && tail.length === 0) return this.#connection.write(body);
    const bytes = Buffer.allocUnsafe(length);
    bytes.write(head, 0, 'latin1');
    body.copy(bytes, head.length);
    if (tail.length > 0) tail.copy(bytes, head.length + body.length);
    return this.#connection.write(bytes);
  }
}

function flushHead(caller: Http1Caller): void {
  caller.flushHead();
}

function trailerText(trailers: readonly string[]): string {
  let text = '0\r\n';
  for (let index = 0; index + 1 < trailers.length; index += 2) {
    text += `${trailers[index] ?? ''}: ${trailers[index + 1] ?? ''}\r\n`;
  }
  return `${text}\r\n`;
}
