/** Owns one request between its caller and an upstream, from the first attempt to the last byte of the answer. */
import { refusals } from '../../errors.ts';
import type { Refusal } from '../../errors.ts';
import type { Answering, Exchange, Holder } from '../../exchange.ts';
import type { BodySink } from '../../http1/body-reader.ts';
import { GrpcMessages } from '../../grpc.ts';
import { removeHeader } from '../../http1/remove-header.ts';
import type { ResponseHead } from '../../http1/response-head.ts';
import type { UpstreamCall, UpstreamFailure, UpstreamHandler } from '../../upstream/upstream-request.ts';
import { cutOfStream, grpcCut, WebSocketCut } from './answer-cut.ts';
import type { AnswerCut } from './answer-cut.ts';
import type { ForwardRules } from './forward-rules.ts';
import { pushTravellingHeaders } from './request-headers.ts';

/** What the exchange is held by, who hears from the upstream, and who takes the request's body. */
export class Forwarding<E extends Exchange> implements Holder, Answering, UpstreamHandler, BodySink {
  readonly overdue = refusals.deadline;
  readonly #exchange: E;
  readonly #rules: ForwardRules<E>;
  #call: UpstreamCall | undefined;
  #repeated = false;
  #sentBytes = 0;
  #messages: GrpcMessages | undefined;
  #isReading = false;
  #lastSent = false;
  #cut: AnswerCut | undefined;

  constructor(exchange: E, rules: ForwardRules<E>) {
    this.#exchange = exchange;
    this.#rules = rules;
  }

  /** Makes an attempt; `fresh`: on a new connection. */
  start(fresh: boolean): void {
    const exchange = this.#exchange;
    const { head } = exchange.caller;
    const headers: string[] = [];
    pushTravellingHeaders(head.headers, head.nominated, headers);
    // Whoever hears the answer has to be able to read it.
    if (exchange.tap !== undefined) removeHeader(headers, 'accept-encoding');
    headers.push('x-request-id', exchange.requestId);
    this.#rules.addRequestHeaders(exchange, headers);
    const pool = this.#rules.poolOf(exchange);
    exchange.trace?.sendOn(headers, pool.authority);
    this.#call = pool.send(
      {
        method: head.method,
        path: this.#rules.pathOf(exchange),
        headers,
        body: exchange.body,
        contentLength: head.contentLength,
        upgrade: exchange.asksForTunnel ? 'websocket' : undefined,
      },
      this,
      this.#rules.timeouts(exchange),
      fresh,
    );
  }

  /** The caller is gone, or time is up: the upstream is told by the end of its connection. */
  release(): void {
    const call = this.#call;
    this.#call = undefined;
    call?.abort();
  }

  /** The upstream can take the body that has to be streamed. */
  onWritable(): void {
    const { caller } = this.#exchange;
    if (caller.head.expectsContinue) caller.sendContinue();
    this.#isReading = true;
    caller.readBody(this);
  }

  onBody(chunk: Buffer): void {
    const maxBytes = this.#rules.maxBodyBytes();
    if (this.#fits(chunk, maxBytes)) {
      this.#exchange.requestTap?.onRequestChunk(chunk);
      if (this.#call?.write(chunk) === false) this.#exchange.caller.pauseBody();
      return;
    }
    if (this.#call === undefined) return;
    this.release();
    this.#exchange.holder = undefined;
    this.#exchange.refuse(refusals.bodyTooLarge(maxBytes));
  }

  onBodyEnd(): void {
    this.#call?.endBody();
  }

  /** The upstream takes more of the request. */
  onUpstreamDrain(): void {
    if (this.#isReading) this.#exchange.caller.resumeBody();
  }

  onInformation(head: ResponseHead): void {
    // What else is interim concerns this hop, or nobody.
    if (head.status === 102 || head.status === 103) {
      this.#exchange.caller.sendInformation(head.status, head.headers);
    }
  }

  onHead(head: ResponseHead): void {
    const exchange = this.#exchange;
    exchange.trace?.noteAnswer();
    if (this.#rules.takesBack?.(exchange, head) === true) {
      this.release();
      exchange.holder = undefined;
      exchange.proceed();
      return;
    }
    const { status, reason, headers, contentLength } = head;
    this.#rules.addAnswerHeaders(exchange, headers);
    headers.push(...exchange.answerHeaders);
    exchange.status = status;
    exchange.answering = this;
    exchange.tap?.onHead(status, headers);
    if (status === 101) {
      this.#openTunnel(head);
      return;
    }
    const isBodiless = status === 204 || status === 304 || head.endsHere === true;
    const framing = isBodiless ? 'none' : contentLength === undefined ? 'stream' : 'length';
    if (framing === 'stream') this.#cut = exchange.isGrpc ? grpcCut : cutOfStream(headers);
    exchange.caller.sendHead(status, reason, headers, framing);
  }

  onAnswerBody(chunk: Buffer, last: boolean): void {
    const { caller, tap } = this.#exchange;
    tap?.onChunk(chunk);
    if (last) {
      this.#lastSent = true;
      this.#finish();
      tap?.onEnd();
      caller.end(chunk);
      return;
    }
    this.#cut?.note(chunk);
    if (!caller.write(chunk)) this.#call?.pause();
  }

  onAnswerEnd(trailers: readonly string[]): void {
    if (this.#lastSent) return;
    const { caller, tap } = this.#exchange;
    this.#finish();
    tap?.onEnd();
    caller.end(undefined, trailers);
  }

  onFailure(failure: UpstreamFailure): void {
    const exchange = this.#exchange;
    this.#call = undefined;
    const next = this.#rules.afterFailure?.(exchange, failure) ?? this.#usuallyNext(failure);
    if (next === 'fresh') {
      this.#repeated = true;
      this.start(true);
      return;
    }
    exchange.holder = undefined;
    if (next === 'back') {
      exchange.proceed();
      return;
    }
    this.#rules.onFailure(exchange, failure);
    exchange.refuse(refusalOfFailure(failure, this.#rules.unreachable));
  }

  /** The caller takes more of the answer again. */
  onDrain(): void {
    this.#call?.resume();
  }

  cutShort(refused: Refusal): void {
    const { caller } = this.#exchange;
    if (this.#cut === undefined) caller.cut();
    else this.#cut.cut(caller, refused);
  }

  /** A body is bounded as a whole, a call of gRPC message by message: it may go on for as long as there is something to say. */
  #fits(chunk: Buffer, maxBytes: number): boolean {
    const { isGrpc, isTunnel } = this.#exchange;
    if (isTunnel) return true;
    if (isGrpc) return (this.#messages ??= new GrpcMessages()).note(chunk) <= maxBytes;
    this.#sentBytes += chunk.length;
    return this.#sentBytes <= maxBytes;
  }

  /** From now on bytes go both ways, for as long as they do: the idle time bounds it, and no time in all. */
  #openTunnel({ status, reason, headers }: ResponseHead): void {
    const exchange = this.#exchange;
    const { caller } = exchange;
    exchange.isTunnel = true;
    exchange.deadline = Number.POSITIVE_INFINITY;
    this.#cut = new WebSocketCut();
    caller.sendHead(status, reason, headers, 'tunnel');
    this.#isReading = true;
    caller.readBody(this);
  }

  /** Nothing more is to come from the upstream, nor to be told to it. */
  #finish(): void {
    this.#call = undefined;
    this.#exchange.holder = undefined;
  }

  /** Once, and only what is whole in memory: an idle connection was closed under the request, no answer had begun. */
  #usuallyNext(failure: UpstreamFailure): 'fresh' | 'no' {
    return failure.kind === 'stale' && !this.#repeated && this.#exchange.body !== undefined ? 'fresh' : 'no';
  }
}

/** Returns what the caller is told when an upstream has failed. */
function refusalOfFailure(failure: UpstreamFailure, unreachable: Refusal = refusals.unreachable): Refusal {
  switch (failure.error.code) {
    case 'UPSTREAM_TIMEOUT':
      return refusals.deadline;
    case 'UPSTREAM_UNREACHABLE':
      return unreachable;
    default:
      return refusals.upstreamBroke;
  }
}
