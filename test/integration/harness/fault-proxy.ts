/** Owns a proxy before an API server that counts requests and fails those that a test picks. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, request as forward } from 'node:https';
import { once } from 'node:events';
import { listen } from '../../../platform/listener.ts';

export interface SeenRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
}

export type Fault = 'internal error' | 'conflict' | 'cut before it arrives' | 'cut after it was done';

export interface FaultProxy {
  readonly url: string;
  /** Everything but watches, in order of arrival. */
  readonly seen: readonly SeenRequest[];
  /** Fails the next request that matches, once; `done` tells whether it has happened. */
  failNext(matches: (request: SeenRequest) => boolean, fault: Fault): { readonly done: boolean };
  stop(): Promise<void>;
}

/** Starts the proxy before `target`, an https URL. Requests go on as they are, with their own credentials. */
export async function startFaultProxy(target: string, caPem: string): Promise<FaultProxy> {
  const agent = new Agent({ ca: caPem, keepAlive: true });
  const seen: SeenRequest[] = [];
  const planned: { matches: (request: SeenRequest) => boolean; fault: Fault; state: { done: boolean } }[] =
    [];
  const server = createServer((incoming, response) => {
    const request = describe(incoming);
    if (!request.query.has('watch')) seen.push(request);
    const index = planned.findIndex(({ matches }) => matches(request));
    const [hit] = index === -1 ? [] : planned.splice(index, 1);
    if (hit !== undefined) hit.state.done = true;
    if (hit === undefined) pass(incoming, response);
    else if (hit.fault === 'cut after it was done') cutAfterwards(incoming, response);
    else fail(incoming, response, hit.fault);
  });

  const send = (incoming: IncomingMessage) => {
    const url = new URL(incoming.url ?? '/', target);
    const outgoing = forward(url, {
      agent,
      method: incoming.method,
      headers: { ...incoming.headers, host: url.host },
    });
    incoming.pipe(outgoing);
    return outgoing;
  };
  const pass = (incoming: IncomingMessage, response: ServerResponse): void => {
    const outgoing = send(incoming);
    outgoing.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      response.flushHeaders();
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    outgoing.on('error', () => response.destroy());
    response.on('close', () => outgoing.destroy());
  };
  const cutAfterwards = (incoming: IncomingMessage, response: ServerResponse): void => {
    send(incoming)
      .on('response', (answer) => {
        answer.resume().on('end', () => response.destroy());
      })
      .on('error', () => response.destroy());
  };
  const address = await listen(server, { host: '127.0.0.1', port: 0 });
  return {
    url: `http://127.0.0.1:${address.port}`,
    seen,
    failNext: (matches, fault) => {
      const state = { done: false };
      planned.push({ matches, fault, state });
      return state;
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      agent.destroy();
    },
  };
}

function describe({ method = '', url = '/' }: IncomingMessage): SeenRequest {
  const parsed = new URL(url, 'http://proxy');
  return { method, path: parsed.pathname, query: parsed.searchParams };
}

function fail(incoming: IncomingMessage, response: ServerResponse, fault: Fault): void {
  incoming.resume();
  if (fault === 'cut before it arrives') {
    response.destroy();
    return;
  }
  const [code, reason] = fault === 'conflict' ? [409, 'Conflict'] : [500, 'InternalError'];
  const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: 'injected' };
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(status));
}
