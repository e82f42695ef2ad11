/** Owns telling those who hold requests the very moment at which the sidecar becomes ready. */
import type { ServerResponse } from 'node:http';

/** Less than callers wait, so that they hear a "not yet" and ask again. */
const longestWaitMs = 5_000;

/** Answers are kept open until the sidecar is ready: asking again and again would cost more and tell it later. */
export class ReadyWait {
  readonly #isReady: () => boolean;
  readonly #waiting = new Map<ServerResponse, NodeJS.Timeout>();

  constructor(isReady: () => boolean) {
    this.#isReady = isReady;
  }

  /** Answers 200 as soon as the sidecar is ready, 503 when that takes too long. */
  answer(response: ServerResponse): void {
    if (this.#isReady()) {
      response.writeHead(200).end();
      return;
    }
    this.#waiting.set(
      response,
      setTimeout(() => this.#end(response, 503), longestWaitMs),
    );
    response.once('close', () => this.#forget(response));
  }

  /** Readiness may have come. */
  tell(): void {
    if (!this.#isReady()) return;
    for (const response of this.#waiting.keys()) this.#end(response, 200);
  }

  stop(): void {
    for (const response of this.#waiting.keys()) this.#end(response, 503);
  }

  #end(response: ServerResponse, status: number): void {
    this.#forget(response);
    response.writeHead(status).end();
  }

  #forget(response: ServerResponse): void {
    clearTimeout(this.#waiting.get(response));
    this.#waiting.delete(response);
  }
}
