/** Owns the first look at a request: its path and method, its size, its id, and that its headers are in order. */
import { randomUUID } from 'node:crypto';
import { asksForGrpc } from '../../grpc.ts';
import { asksForWebSocket } from '../../http1/websocket-request.ts';
import { refusals } from '../../errors.ts';
import type { Refusal } from '../../errors.ts';
import type { Exchange, Stage } from '../../exchange.ts';

export interface ReceiveOptions<E extends Exchange> {
  /** Notes on the exchange what the path asks for, or says why it will not. */
  readonly readPath: (exchange: E, path: string) => Refusal | undefined;
  /** Default: POST alone. */
  readonly methods?: readonly string[];
  readonly maxBodyBytes: () => number;
  /** Time from the first byte of the request to the last one of its answer, in milliseconds; 0: no bound. */
  readonly totalMs: () => number;
}

/** Headers without which the request would mean something else; `Connection` may not take them away from the next hop. */
const indispensable = new Set([
  'host',
  'content-length',
  'content-type',
  'transfer-encoding',
  'authorization',
]);
const postAlone: readonly string[] = ['POST'];
const requestIdPattern = /^[A-Za-z0-9_.:/+=-]{1,128}$/;

/** Returns the stage that receives. */
export function makeReceive<E extends Exchange>(options: ReceiveOptions<E>): Stage<E> {
  return {
    name: 'receive',
    run: (exchange) => {
      const given = exchange.caller.head.requestId;
      exchange.requestId = given !== undefined && requestIdPattern.test(given) ? given : randomUUID();
      if (exchange.caller.isHttp2) exchange.isGrpc = asksForGrpc(exchange.caller);
      const totalMs = options.totalMs();
      if (totalMs > 0) exchange.deadline = exchange.startedAt + totalMs;
      const refused = refusalOf(exchange, options);
      if (refused === undefined) return true;
      exchange.refuse(refused);
      return false;
    },
  };
}

function refusalOf<E extends Exchange>(exchange: E, options: ReceiveOptions<E>): Refusal | undefined {
  const { target, method, nominated, contentLength } = exchange.caller.head;
  const mark = target.indexOf('?');
  exchange.query = mark === -1 ? '' : target.slice(mark);
  const unknown = options.readPath(exchange, mark === -1 ? target : target.slice(0, mark));
  if (unknown !== undefined) return unknown;
  if (!(options.methods ?? postAlone).includes(method)) {
    exchange.asksForTunnel = asksForWebSocket(exchange.caller.head);
    if (!exchange.asksForTunnel) return refusals.methodNotAllowed;
  }
  if (nominated.some(isIndispensable)) return refusals.ambiguousRequest;
  const maxBodyBytes = options.maxBodyBytes();
  if ((contentLength ?? 0) > maxBodyBytes) return refusals.bodyTooLarge(maxBodyBytes);
  return undefined;
}

const isIndispensable = (name: string): boolean => indispensable.has(name) || name.startsWith('x-fairlead-');
