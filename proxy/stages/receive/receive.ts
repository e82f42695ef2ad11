/** Owns the first look at a request: its path and method, its size, its id, and that its headers are in order. */
import { randomUUID } from 'node:crypto';
import { refusals } from '../../errors.ts';
import type { Refusal } from '../../errors.ts';
import type { Exchange, Stage } from '../../exchange.ts';

export interface ReceiveOptions<E extends Exchange> {
  /** Notes on the exchange what the path asks for, or says why it will not. */
  readonly readPath: (exchange: E, path: string) => Refusal | undefined;
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
const requestIdPattern = /^[A-Za-z0-9_.:/+=-]{1,128}$/;

/** Returns the stage that receives. */
export function makeReceive<E extends Exchange>(options: ReceiveOptions<E>): Stage<E> {
  return {
    name: 'receive',
    run: (exchange) => {
      const { request } = exchange;
      const { headers } = request;
      const given = headers['x-request-id'];
      exchange.requestId = typeof given === 'string' && requestIdPattern.test(given) ? given : randomUUID();
      const totalMs = options.totalMs();
      if (totalMs > 0) exchange.deadline = exchange.startedAt + totalMs;
      exchange.contentLength = declaredLength(headers);
      const refused = refusalOf(exchange, options);
      if (refused === undefined) return true;
      exchange.refuse(refused);
      return false;
    },
  };
}

/** Node's parser has refused conflicting lengths and malformed ones before. */
function declaredLength(headers: NodeJS.Dict<string | string[]>): number | undefined {
  if (headers['transfer-encoding'] !== undefined) return undefined;
  const length = headers['content-length'];
  return typeof length === 'string' ? Number(length) : 0;
}

function refusalOf<E extends Exchange>(exchange: E, options: ReceiveOptions<E>): Refusal | undefined {
  const url = exchange.request.url ?? '/';
  const mark = url.indexOf('?');
  exchange.query = mark === -1 ? '' : url.slice(mark);
  const unknown = options.readPath(exchange, mark === -1 ? url : url.slice(0, mark));
  if (unknown !== undefined) return unknown;
  if (exchange.request.method !== 'POST') return refusals.methodNotAllowed;
  const { connection } = exchange.request.headers;
  if (connection !== undefined && nominatesIndispensable(connection)) return refusals.ambiguousRequest;
  const maxBodyBytes = options.maxBodyBytes();
  if ((exchange.contentLength ?? 0) > maxBodyBytes) return refusals.bodyTooLarge(maxBodyBytes);
  return undefined;
}

function nominatesIndispensable(connection: string): boolean {
  if (connection === 'keep-alive' || connection === 'close') return false;
  return connection
    .toLowerCase()
    .split(',')
    .some((option) => indispensable.has(option.trim()) || option.trim().startsWith('x-fairlead-'));
}
