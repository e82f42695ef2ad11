/** Owns what is read of a body before it is sent on: small ones of known length whole, larger ones not at all. */
import { refusals } from '../../errors.ts';
import type { Exchange, Holder, Stage } from '../../exchange.ts';
import type { BodySink } from '../../http1/body-reader.ts';

/**
 * Up to this a body is collected. It then costs the model no turn while it trickles in, goes out in one write with its
 * head, and can be sent again, or elsewhere, when a connection turns out to be dead.
 */
const collectedUpToBytes = 64 * 1024;

/** Returns the stage that reads. */
export function makeRead<E extends Exchange>(): Stage<E> {
  return {
    name: 'read',
    run: (exchange) => {
      const { caller } = exchange;
      // A stage before this one may have had a look at it.
      exchange.body ??= caller.takeWholeBody();
      if (exchange.body !== undefined) return true;
      const { contentLength, expectsContinue } = caller.head;
      if (contentLength === undefined || contentLength > collectedUpToBytes) return true;
      if (expectsContinue) caller.sendContinue();
      exchange.holder = waitingForBody;
      caller.readBody(new Collector(exchange, contentLength));
      return false;
    },
  };
}

const waitingForBody: Holder = {
  // What still comes is collected for nobody.
  release: () => undefined,
  overdue: refusals.deadline,
};

class Collector implements BodySink {
  readonly #exchange: Exchange;
  readonly #body: Buffer;
  #filled = 0;

  constructor(exchange: Exchange, length: number) {
    this.#exchange = exchange;
    this.#body = Buffer.allocUnsafe(length);
  }

  onBody(chunk: Buffer): void {
    this.#filled += chunk.copy(this.#body, this.#filled);
  }

  onBodyEnd(): void {
    const exchange = this.#exchange;
    if (exchange.finished || exchange.status !== 0) return;
    exchange.body = this.#body;
    exchange.holder = undefined;
    exchange.proceed();
  }
}
