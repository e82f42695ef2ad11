/** Owns one request between its caller and an upstream, from the first attempt to the last byte of the answer. */
import { refusals } from '../../errors.ts';
import type { Exchange, Holder, ProxyRequest, ProxyResponse } from '../../exchange.ts';
import type { ResponseHead } from '../../upstream/response-head.ts';
import type { UpstreamCall, UpstreamFailure, UpstreamHandler } from '../../upstream/upstream-request.ts';
import type { ForwardRules } from './forward-rules.ts';
import { pushTravellingHeaders } from './request-headers.ts';

/** Both what the exchange is held by, and who hears from the upstream. */
export class Forwarding<E extends Exchange> implements Holder, UpstreamHandler {
  readonly overdue = refusals.deadline;
  readonly #exchange: E;
  readonly #rules: ForwardRules<E>;
  #call: UpstreamCall | undefined;
  #repeated = false;
  #sentBytes = 0;
  #waitsForDrain = false;
  #lastSent = false;

  constructor(exchange: E, rules: ForwardRules<E>) {
    this.#exchange = exchange;
    this.#rules = rules;
  }

  /** Makes an attempt; `fresh`: on a new connection. */
  start(fresh: boolean): void {
    const exchange = this.#exchange;
    const { request } = exchange;
    const headers: string[] = [];
    pushTravellingHeaders(request.rawHeaders, request.headers.connection, headers);
    headers.push('x-request-id', exchange.requestId);
    this.#rules.addRequestHeaders(exchange, headers);
    this.#call = this.#rules.poolOf(exchange).send(
      {
        method: 'POST',
        path: this.#rules.pathOf(exchange),
        headers,
        body: exchange.body,
        contentLength: exchange.contentLength,
      },
      this,
      this.#rules.timeouts(),
      fresh,
    );
  }

  /** The caller is gone, or time is up: the upstream is told by the end of its connection. */
  release(): void {
    this.#stopSending();
    this.#call?.abort();
    this.#call = undefined;
  }

  onWritable(): void {
    const { request, response, expectsContinue } = this.#exchange;
    if (expectsContinue && !response.headersSent) response.writeContinue();
    request.on('data', sendPiece).on('end', sendEnd);
  }

  /** A piece of the request's body. */
  send(chunk: Buffer): void {
    this.#sentBytes += chunk.length;
    const maxBytes = this.#rules.maxBodyBytes();
    if (this.#sentBytes > maxBytes) {
      this.release();
      this.#exchange.holder = undefined;
      this.#exchange.refuse(refusals.bodyTooLarge(maxBytes));
    } else if (this.#call?.write(chunk) === false) this.#exchange.request.pause();
  }

  endSending(): void {
    this.#call?.endBody();
  }

  onDrain(): void {
    if (this.#exchange.body === undefined) this.#exchange.request.resume();
  }

  onInformation(head: ResponseHead): void {
    const { request, response } = this.#exchange;
    // HTTP/1.0 knows no interim answers (RFC 9110 §15.2).
    if (request.httpVersion === '1.0') return;
    if (head.status === 102) response.writeProcessing();
    const link = head.headers.flatMap((name, index) =>
      index % 2 === 0 && name.toLowerCase() === 'link' ? [head.headers[index + 1] ?? ''] : [],
    );
    // Node refuses to say what it does not take for one plain link; a hint that is left out harms nobody.
    if (head.status === 103 && link.length > 0 && link.every((value) => plainLink.test(value)))
      response.writeEarlyHints({ link });
  }

  onHead(head: ResponseHead): void {
    const exchange = this.#exchange;
    if (this.#rules.takesBack?.(exchange, head) === true) {
      this.release();
      exchange.holder = undefined;
      exchange.proceed();
      return;
    }
    const { headers } = head;
    this.#rules.addAnswerHeaders(exchange, headers);
    if (exchange.callerStillSends) headers.push('connection', 'close');
    exchange.response.writeHead(head.status, head.reason, headers);
    exchange.status = head.status;
    // An answer that streams is to be seen from its head on, not from its first byte on.
    if (head.chunked) exchange.response.flushHeaders();
  }

  onBody(chunk: Buffer, last: boolean): void {
    const { response } = this.#exchange;
    if (last) {
      this.#lastSent = true;
      this.#exchange.endAnswer(chunk);
    } else if (!response.write(chunk)) this.#waitForDrain(response);
  }

  onEnd(trailers: readonly string[]): void {
    const exchange = this.#exchange;
    const { response } = exchange;
    this.#call = undefined;
    exchange.holder = undefined;
    this.#stopSending();
    if (this.#lastSent) return;
    if (trailers.length > 0) response.addTrailers(pairsOf(trailers));
    exchange.endAnswer();
  }

  onFailure(failure: UpstreamFailure): void {
    const exchange = this.#exchange;
    this.#call = undefined;
    if (this.#mayRepeat(failure)) {
      this.#repeated = true;
      this.start(true);
      return;
    }
    exchange.holder = undefined;
    const next = failure.kind === 'unsent' ? this.#rules.findAnother?.(exchange) : 'no';
    if (next === 'later') return;
    if (next === 'now') {
      exchange.holder = this;
      this.start(false);
      return;
    }
    this.#stopSending();
    this.#rules.onFailure(exchange, failure);
    exchange.refuse(refusalOfFailure(failure));
  }

  /** The upstream may take more of the answer from its side again. */
  onResponseDrain(): void {
    this.#waitsForDrain = false;
    this.#call?.resume();
  }

  /** Once, and only what is whole in memory: an idle connection was closed under the request, no answer had begun. */
  #mayRepeat(failure: UpstreamFailure): boolean {
    return failure.kind === 'stale' && !this.#repeated && this.#exchange.body !== undefined;
  }

  #waitForDrain(response: ProxyResponse): void {
    this.#call?.pause();
    if (this.#waitsForDrain) return;
    this.#waitsForDrain = true;
    response.once('drain', resumeUpstream);
  }

  #stopSending(): void {
    if (this.#exchange.body !== undefined) return;
    this.#exchange.request.off('data', sendPiece).off('end', sendEnd);
  }
}

const plainLink = /^<[^>]*>(?:\s*;\s*[\w-]+(?:=(?:[\w./-]+|"[\w./-]*"))?)*$/;

function sendPiece(this: ProxyRequest, chunk: Buffer): void {
  forwardingOf(this)?.send(chunk);
}

function sendEnd(this: ProxyRequest): void {
  forwardingOf(this)?.endSending();
}

function resumeUpstream(this: ProxyResponse): void {
  forwardingOf(this)?.onResponseDrain();
}

function forwardingOf(message: ProxyRequest | ProxyResponse): Forwarding<Exchange> | undefined {
  const holder = message.exchange?.holder;
  return holder instanceof Forwarding ? holder : undefined;
}

function pairsOf(raw: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < raw.length; index += 2)
    pairs.push([raw[index] ?? '', raw[index + 1] ?? '']);
  return pairs;
}

/** Returns what the caller is told when an upstream has failed. */
function refusalOfFailure(failure: UpstreamFailure): typeof refusals.deadline {
  switch (failure.error.code) {
    case 'UPSTREAM_TIMEOUT':
      return refusals.deadline;
    case 'UPSTREAM_UNREACHABLE':
      return refusals.unreachable;
    default:
      return refusals.upstreamBroke;
  }
}
