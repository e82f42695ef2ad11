/** Owns what is read of a body before it is sent on: small ones of known length whole, larger ones not at all. */
import { refusals } from '../../errors.ts';
import type { Exchange, Holder, ProxyRequest, Stage } from '../../exchange.ts';

/**
 * Up to this a body is collected. It then costs the model no turn while it trickles in, goes out in one write with its
 * head, and can be sent again, or elsewhere, when a connection turns out to be dead.
 */
const collectedUpToBytes = 64 * 1024;

const empty = Buffer.alloc(0);

/** Returns the stage that reads. */
export function makeRead<E extends Exchange>(): Stage<E> {
  return {
    name: 'read',
    run: (exchange) => {
      const { contentLength, request } = exchange;
      if (contentLength === 0) {
        exchange.body = empty;
        return true;
      }
      if (contentLength === undefined || contentLength > collectedUpToBytes) return true;
      if (exchange.expectsContinue) exchange.response.writeContinue();
      exchange.holder = waitingForBody;
      request.on('data', collect);
      return false;
    },
  };
}

const waitingForBody: Holder = {
  release: (exchange) => {
    exchange.request.off('data', collect);
  },
  overdue: refusals.deadline,
};

/** Node's parser lets exactly as many bytes through as Content-Length says. */
function collect(this: ProxyRequest, chunk: Buffer): void {
  const { exchange } = this;
  if (exchange === undefined) return;
  exchange.body = exchange.body === undefined ? chunk : Buffer.concat([exchange.body, chunk]);
  if (exchange.body.length < (exchange.contentLength ?? 0)) return;
  this.off('data', collect);
  this.resume();
  exchange.holder = undefined;
  exchange.proceed();
}
