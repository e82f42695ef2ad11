/** Owns one request on its way through a proxy: what is known about it, where it is, and that it ends exactly once. */
import type { Usage } from '../core/usage/token-usage.ts';
import type { ExchangeTrace } from './tracing/exchange-trace.ts';
import type { EndpointGrant } from '../platform/identity/principal.ts';
import type { Caller, CallerEvents } from './downstream/caller.ts';
import { refusalBody, refusalHeaders, refusals } from './errors.ts';
import type { Refusal } from './errors.ts';
import { grpcRefusalHeaders } from './grpc.ts';

/** The part of a stage that now has the exchange in its hands while it waits for something. */
export interface Holder {
  /** Lets go of the exchange, which is over for it: the caller is gone, or time is up. */
  release(exchange: Exchange): void;
  /** The caller takes more of the answer again. */
  onDrain?(): void;
  /** What the caller is told when time is up. */
  readonly overdue: Refusal;
}

/** Whoever passes an answer on that has begun: it knows how such an answer says that it was cut. */
export interface Answering {
  cutShort(refused: Refusal): void;
}

/** Hears an answer of the model as it passes, to count or log it; it never changes it, and never holds it up. */
export interface AnswerTap {
  /** Headers are raw pairs. */
  onHead(status: number, headers: readonly string[]): void;
  onChunk(chunk: Buffer): void;
  /** The answer has passed whole. Not called for one that was cut. */
  onEnd(): void;
}

/** Hears the body of a request that is streamed as it passes. */
export interface RequestTap {
  onRequestChunk(chunk: Buffer): void;
}

/** What a request was given in advance, to be put right when it is known what it has used. */
export interface Settlement {
  settle(exchange: Exchange): void;
}

/** Knows what an exchange has used so far. */
export interface UsageMeter {
  /** The answer is a stream of events. */
  readonly isStream: boolean;
  read(exchange: Exchange): Usage | undefined;
}

export type { Usage } from '../core/usage/token-usage.ts';

/** One step of the way. Made by the one factory of its folder under `stages/`. */
export interface Stage<E extends Exchange = Exchange> {
  readonly name: string;
  /**
   * Does the step. True: go on to the next one at once. False: the stage has refused or answered the request, or it
   * will call `exchange.proceed()` when it is done; it then sets `exchange.holder` if there is something to let go of.
   */
  run(exchange: E): boolean;
  /** Called once before a request is first sent on: sets up what hears it and its answer pass. */
  listen?(exchange: E): void;
  /** Called once for every exchange when it is over, whichever stages it came through. */
  finish?(exchange: E): void;
}

/** What every exchange goes through. */
export interface Pipeline {
  readonly stages: readonly Stage[];
  /** Lets each stage prepare to hear the request and its answer. */
  listen(exchange: Exchange): void;
  /** Lets each stage settle what it took for an exchange (turns, counts): settle first, then in the order of the chain. */
  finish(exchange: Exchange): void;
  /** A stage threw: a defect of this program. */
  onDefect(exchange: Exchange, error: unknown): void;
}

/** Status that metrics and logs give a request whose caller went away first; it is never sent. */
const statusCallerGone = 499;

export class Exchange implements CallerEvents {
  /** Another one may take its place, as long as no answer has begun: one that has to answer in another way. */
  caller: Caller;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  /** Monotonic milliseconds after which the exchange is overdue. */
  deadline = Number.POSITIVE_INFINITY;
  requestId = '';
  /** The query string, with its question mark. */
  query = '';
  principal = '';
  groups: readonly string[] = [];
  /** All that the principal may, where its token says so; undefined: that is to be asked. */
  grant: EndpointGrant | undefined;
  /** An earlier hop has applied the limits already. */
  accounted = false;
  /** Labels of metrics and logs; empty while unknown. */
  endpointLabel = '';
  servedEntity = '';
  deployment = '';
  /** The whole request body, once it has been collected; undefined: it is still to be streamed. */
  body: Buffer | undefined;
  /** Raw pairs that the answer gets, whoever gives it. */
  readonly answerHeaders: string[] = [];
  /** Who hears the answer as it passes. */
  tap: AnswerTap | undefined;
  /** Who hears the request's body, where it is streamed. */
  requestTap: RequestTap | undefined;
  /** Who knows what the exchange uses while it is under way. */
  meter: UsageMeter | undefined;
  /** Known once the exchange is over, where tokens are counted. */
  usage: Usage | undefined;
  /** What it has taken of the limits before it is known what it needs. */
  settlement: Settlement | undefined;
  /** It has a turn at the model, to be given back. */
  hasTurn = false;
  /** Whoever waits on behalf of the exchange now. */
  holder: Holder | undefined;
  /** Whoever passes the answer on. */
  answering: Answering | undefined;
  /** The caller asks for a WebSocket. */
  asksForTunnel = false;
  /** He has one: bytes go both ways until either side ends. */
  isTunnel = false;
  /** It is a call of gRPC, which is told everything in trailers. */
  isGrpc = false;
  /** Status of the answer, 0 before there is one; and why, where a proxy gave it. */
  status = 0;
  reason = '';
  /** The answer, where a proxy gave it. */
  refusal: Refusal | undefined;
  /** What is noted of it, where it is traced. */
  trace: ExchangeTrace | undefined;
  /** The exchanges that are under way, which it leaves when it is over. */
  live: Set<Exchange> | undefined;
  readonly #pipeline: Pipeline;
  #step = 0;
  #finished = false;
  #refused = false;
  #listening = false;

  constructor(pipeline: Pipeline, caller: Caller, startedAt: number) {
    this.#pipeline = pipeline;
    this.caller = caller;
    this.startedAt = startedAt;
    caller.events = this;
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
        this.trace?.mark(stage.name);
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

  /** The request is about to be sent on. */
  listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    this.#pipeline.listen(this);
  }

  /** Answers with a refusal; where an answer has begun already, it is cut, so that nobody takes it for whole. */
  refuse(refused: Refusal): void {
    // Whoever has been told no already may still be reading it.
    if (this.#refused) return;
    this.#refused = true;
    this.reason = refused.reason;
    if (this.caller.answered) {
      if (this.answering === undefined) this.caller.cut();
      else this.answering.cutShort(refused);
      return;
    }
    this.status = refused.status;
    this.refusal = refused;
    if (this.isGrpc) {
      const headers = [...grpcRefusalHeaders(refused), 'x-request-id', this.requestId, ...this.answerHeaders];
      this.caller.sendHead(200, '', headers, 'none');
      this.caller.end();
      return;
    }
    const body = Buffer.from(refusalBody(refused));
    const headers = refusalHeaders(refused, body.length);
    headers.push('x-request-id', this.requestId, ...this.answerHeaders);
    this.caller.sendHead(refused.status, '', headers, 'length');
    this.caller.end(body);
  }

  /** Ends the exchange because `deadline` has passed. */
  expire(): void {
    this.onBroken(this.holder?.overdue ?? refusals.deadline);
  }

  onBroken(refusal: Refusal): void {
    const { holder } = this;
    this.holder = undefined;
    holder?.release(this);
    this.refuse(refusal);
  }

  onDrain(): void {
    this.holder?.onDrain?.();
  }

  onEnd(): void {
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
