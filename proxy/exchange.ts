/** Owns one request on its way through a proxy: what is known about it, where it is, and that it ends exactly once. */
import { IncomingMessage, ServerResponse } from 'node:http';
import { droppedReasonHeader, refusalBody, refusals } from './errors.ts';
import type { Refusal } from './errors.ts';

/** Carries its exchange, so that the listeners of all requests are shared functions instead of closures. */
export class ProxyRequest extends IncomingMessage {
  exchange: Exchange | undefined;
}

/** As ProxyRequest. */
export class ProxyResponse<
  Request extends IncomingMessage = IncomingMessage,
> extends ServerResponse<Request> {
  exchange: Exchange | undefined;
}

/** The part of a stage that now has the exchange in its hands while it waits for something. */
export interface Holder {
  /** Lets go of the exchange, which is over for it: the caller is gone, or time is up. */
  release(exchange: Exchange): void;
  /** What the caller is told when time is up. */
  readonly overdue: Refusal;
}

/** One step of the way. Made by the one factory of its folder under `stages/`. */
export interface Stage<E extends Exchange = Exchange> {
  readonly name: string;
  /**
   * Does the step. True: go on to the next one at once. False: the stage has refused or answered the request, or it
   * will call `exchange.proceed()` when it is done; it then sets `exchange.holder` if there is something to let go of.
   */
  run(exchange: E): boolean;
  /** Called once for every exchange when it is over, whichever stages it came through. */
  finish?(exchange: E): void;
}

/** What every exchange goes through. */
export interface Pipeline {
  readonly stages: readonly Stage[];
  /** Lets each stage settle what it took for an exchange (turns, counts), in the order of the chain; observe is last. */
  finish(exchange: Exchange): void;
  /** A stage threw: a defect of this program. */
  onDefect(exchange: Exchange, error: unknown): void;
}

/** Status that metrics and logs give a request whose caller went away first; it is never sent. */
const statusCallerGone = 499;

const lingerMs = 2_000;

export class Exchange {
  readonly request: ProxyRequest;
  readonly response: ProxyResponse;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  /** Monotonic milliseconds after which the exchange is overdue. */
  deadline = Number.POSITIVE_INFINITY;
  requestId = '';
  /** The query string, with its question mark. */
  query = '';
  principal = '';
  groups: readonly string[] = [];
  /** An earlier hop has applied the limits already. */
  accounted = false;
  /** Labels of metrics and logs; empty while unknown. */
  endpointLabel = '';
  servedEntity = '';
  deployment = '';
  /** Length of the request body; undefined: sent in chunks. */
  contentLength: number | undefined;
  /** The whole request body, once it has been collected; undefined: it is still to be streamed. */
  body: Buffer | undefined;
  /** The client waits for "100 Continue" before it sends the body. */
  expectsContinue = false;
  /** It has a turn at the model, to be given back. */
  hasTurn = false;
  /** Whoever waits on behalf of the exchange now. */
  holder: Holder | undefined;
  /** Status of the answer, 0 before there is one; and why, where a proxy gave it. */
  status = 0;
  reason = '';
  /** The exchanges that are under way, which it leaves when it is over. */
  live: Set<Exchange> | undefined;
  readonly #pipeline: Pipeline;
  #step = 0;
  #finished = false;
  #refused = false;

  constructor(pipeline: Pipeline, request: ProxyRequest, response: ProxyResponse, startedAt: number) {
    this.#pipeline = pipeline;
    this.request = request;
    this.response = response;
    this.startedAt = startedAt;
    request.exchange = this;
    response.exchange = this;
    response.on('close', onResponseClose);
    request.on('error', ignoreRequestError);
  }

  get finished(): boolean {
    return this.#finished;
  }

  /** Goes through the stages until one of them takes its time; it calls this again when it is done. */
  proceed(): void {
    const { stages } = this.#pipeline;
    try {
      for (;;) {
        if (this.#finished || this.status !== 0) return;
        const stage = stages[this.#step];
        if (stage === undefined) return;
        this.#step += 1;
        if (!stage.run(this)) return;
      }
    } catch (error) {
      this.#pipeline.onDefect(this, error);
      this.refuse(refusals.internal);
    }
  }

  /** Makes the next `proceed` start with the stage `name` again. */
  goBackTo(name: string): void {
    this.#step = this.#pipeline.stages.findIndex((stage) => stage.name === name);
  }

  /** Answers with a refusal; where an answer has begun already, it is cut instead, so that nobody takes it for whole. */
  refuse(refused: Refusal): void {
    const { response } = this;
    // Whoever has been told no already may still be reading it.
    if (this.#refused) return;
    this.#refused = true;
    this.reason = refused.reason;
    if (response.headersSent) {
      response.destroy();
      return;
    }
    this.status = refused.status;
    const body = refusalBody(refused);
    const headers = ['content-type', 'application/json', 'content-length', String(Buffer.byteLength(body))];
    headers.push('x-request-id', this.requestId);
    if (refused.retryAfterSeconds !== undefined)
      headers.push('retry-after', String(refused.retryAfterSeconds));
    if (refused.status === 429 || refused.status === 503) headers.push(droppedReasonHeader, refused.reason);
    if (refused.headers !== undefined) headers.push(...refused.headers);
    if (this.callerStillSends) headers.push('connection', 'close');
    response.writeHead(refused.status, headers);
    this.endAnswer(body);
  }

  /** Whether the caller may still be sending; then the connection is to be closed after the answer. */
  get callerStillSends(): boolean {
    return !this.request.complete && (this.body?.length ?? 0) !== this.contentLength;
  }

  /**
   * Ends the answer. A caller who still sends when the connection is closed gets a reset, and may lose the answer to
   * it; so the connection lingers until the caller is done, for a moment.
   */
  endAnswer(lastChunk?: Buffer | string): void {
    const { request, response } = this;
    if (!this.callerStillSends) {
      response.end(lastChunk);
      return;
    }
    if (lastChunk !== undefined) response.write(lastChunk);
    const end = (): void => {
      clearTimeout(timer);
      response.end();
    };
    const timer = setTimeout(end, lingerMs);
    request.removeAllListeners('data');
    request.once('end', end).once('close', end).resume();
  }

  /** Ends the exchange because `deadline` has passed. */
  expire(): void {
    const { holder } = this;
    this.holder = undefined;
    holder?.release(this);
    this.refuse(holder?.overdue ?? refusals.deadline);
  }

  /** The response is closed: answered, or its caller is gone. */
  close(): void {
    if (this.#finished) return;
    this.#finished = true;
    this.live?.delete(this);
    if (this.status === 0) this.status = statusCallerGone;
    const { holder } = this;
    this.holder = undefined;
    holder?.release(this);
    this.#pipeline.finish(this);
  }
}

function onResponseClose(this: ProxyResponse): void {
  this.exchange?.close();
}

/** The response's close event tells the same, and is heeded. */
function ignoreRequestError(): void {
  // An 'error' event that nobody listens to would end the process.
}
