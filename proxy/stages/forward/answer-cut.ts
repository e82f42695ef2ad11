/** Owns how an answer that has begun says that it was cut, each kind of answer in its own way. */
import type { Caller } from '../../downstream/caller.ts';
import type { Refusal } from '../../errors.ts';
import { grpcTrailers } from '../../grpc.ts';
import { isEventStream, makeErrorEvent } from './event-stream.ts';
import { goingAwayFrame, WebSocketFrames } from './websocket-frames.ts';

/** Hears an answer pass, and ends it before its time. */
export interface AnswerCut {
  note(chunk: Buffer): void;
  cut(caller: Caller, refused: Refusal): void;
}

/** Returns what is to hear a body that streams; undefined where all that can be done is to end the connection. */
export const cutOfStream = (headers: readonly string[]): AnswerCut | undefined =>
  isEventStream(headers) ? new EventStreamCut() : undefined;

class EventStreamCut implements AnswerCut {
  #last: Buffer | undefined;

  note(chunk: Buffer): void {
    this.#last = chunk;
  }

  cut(caller: Caller, refused: Refusal): void {
    caller.cut(makeErrorEvent(refused, this.#last));
  }
}

/** A call of gRPC has a place for what became of it: its trailers. */
export const grpcCut: AnswerCut = {
  note: () => undefined,
  cut: (caller, refused) => caller.end(undefined, grpcTrailers(refused)),
};

export class WebSocketCut implements AnswerCut {
  readonly #frames = new WebSocketFrames();

  note(chunk: Buffer): void {
    this.#frames.note(chunk);
  }

  cut(caller: Caller): void {
    caller.cut(this.#frames.isBetween ? goingAwayFrame : undefined);
  }
}
