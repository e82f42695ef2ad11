/** Owns telling those who hold requests the very moment at which the sidecar becomes ready. */
import type { Caller } from '../downstream/caller.ts';

/** Less than callers wait, so that they hear a "not yet" and ask again. */
const longestWaitMs = 5_000;

/** Answers are kept open until the sidecar is ready: asking again and again would cost more and tell it later. */
export class ReadyWait {
  readonly #isReady: () => boolean;
  readonly #headers: () => string[];
  readonly #waiting = new Map<Caller, NodeJS.Timeout>();

  /** `headers` are raw pairs that every answer gets. */
  constructor(isReady: () => boolean, headers: () => string[] = () => []) {
    this.#isReady = isReady;
    this.#headers = headers;
  }

  /** Answers 200 as soon as the sidecar is ready, 503 when that takes too long. */
  answer(caller: Caller): void {
    if (this.#isReady()) {
      this.#end(caller, 200);
      return;
    }
    this.#waiting.set(
      caller,
      setTimeout(() => this.#end(caller, 503), longestWaitMs),
    );
    caller.events = {
      onEnd: () => this.#forget(caller),
      onBroken: () => caller.cut(),
      onDrain: () => undefined,
    };
  }

  /** Readiness may have come. */
  tell(): void {
    if (!this.#isReady()) return;
    for (const caller of this.#waiting.keys()) this.#end(caller, 200);
  }

  stop(): void {
    for (const caller of this.#waiting.keys()) this.#end(caller, 503);
  }

  #end(caller: Caller, status: number): void {
    this.#forget(caller);
    caller.sendHead(status, '', ['content-length', '0', ...this.#headers()], 'length');
    caller.end();
  }

  #forget(caller: Caller): void {
    clearTimeout(this.#waiting.get(caller));
    this.#waiting.delete(caller);
  }
}
