/** Owns that several may hear an answer, or a request, pass. */
import type { AnswerTap, Exchange, RequestTap } from './exchange.ts';

class BothTaps implements AnswerTap {
  readonly #first: AnswerTap;
  readonly #second: AnswerTap;

  constructor(first: AnswerTap, second: AnswerTap) {
    this.#first = first;
    this.#second = second;
  }

  onHead(status: number, headers: readonly string[]): void {
    this.#first.onHead(status, headers);
    this.#second.onHead(status, headers);
  }

  onChunk(chunk: Buffer): void {
    this.#first.onChunk(chunk);
    this.#second.onChunk(chunk);
  }

  onEnd(): void {
    this.#first.onEnd();
    this.#second.onEnd();
  }
}

/** Lets `tap` hear the answer, too. */
export function addTap(exchange: Exchange, tap: AnswerTap): void {
  const { tap: before } = exchange;
  exchange.tap = before === undefined ? tap : new BothTaps(before, tap);
}

/** Lets `tap` hear the request's body where it is streamed, too. */
export function addRequestTap(exchange: Exchange, tap: RequestTap): void {
  const { requestTap: before } = exchange;
  exchange.requestTap =
    before === undefined
      ? tap
      : {
          onRequestChunk: (chunk) => {
            before.onRequestChunk(chunk);
            tap.onRequestChunk(chunk);
          },
        };
}
