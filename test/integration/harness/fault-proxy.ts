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
  /** Of the answer, once there is one. */
  status?: number;
}

const refusals = {
  'internal error': [500, 'InternalError'],
  conflict: [409, 'Conflict'],
  forbidden: [403, 'Forbidden'],
  invalid: [422, 'Invalid'],
} as const;

export type Fault = keyof typeof refusals | 'cut before it arrives' | 'cut after it was done';

export interface FaultProxy {
  readonly url: string;
  /** Everything but watches, in order of arrival. */
  readonly seen: readonly SeenRequest[];
  readonly watches: readonly SeenRequest[];
  /** Fails the next request that matches, once; `done` tells whether it has happened. */
  failNext(matches: (request: SeenRequest) => boolean, fault: Fault): { readonly done: boolean };
  /** From now on lists do not stream, as from a server before Kubernetes 1.32: clients read them in pages. */
  refuseStreams(): void;
  /**
   * From the next request that matches on, nothing comes through in either direction, as for a process that is killed:
   * `before` that request, or `after` it was done, of which nobody hears.
   */
  killAt(matches: (request: SeenRequest) => boolean, moment: 'before' | 'after'): { readonly done: boolean };
  /** Ends what `killAt` began, or was to begin. */
  revive(): void;
  stop(): Promise<void>;
}

/** Starts the proxy before `target`, an https URL. Requests go on as they are, with their own credentials. */
export async function startFaultProxy(target: string, caPem: string): Promise<FaultProxy> {
  const agent = new Agent({ ca: caPem, keepAlive: true });
  const seen: SeenRequest[] = [];
  const watches: SeenRequest[] = [];
  const planned: { matches: (request: SeenRequest) => boolean; fault: Fault; state: { done: boolean } }[] =
    [];
  let streams = true;
  let death:
    { matches: (request: SeenRequest) => boolean; moment: string; state: { done: boolean } } | undefined;
  const server = createServer((incoming, response) => {
    const request = describe(incoming);
    if (death?.state.done === true) {
      response.destroy();
      return;
    }
    if (death?.matches(request) === true) {
      death.state.done = true;
      if (death.moment === 'before') server.closeAllConnections();
      else finishUnheard(incoming);
      return;
    }
    if (!streams && request.query.has('sendInitialEvents')) {
      fail(incoming, response, 'invalid');
      return;
    }
    note(request);
    const index = planned.findIndex(({ matches }) => matches(request));
    const [hit] = index === -1 ? [] : planned.splice(index, 1);
    if (hit !== undefined) hit.state.done = true;
    if (hit === undefined) pass(incoming, response, request);
    else if (hit.fault === 'cut after it was done') cutAfterwards(incoming, response);
    else fail(incoming, response, hit.fault);
  });

  const note = (request: SeenRequest): void => {
    (request.query.has('watch') ? watches : seen).push(request);
  };
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
  const pass = (incoming: IncomingMessage, response: ServerResponse, request: SeenRequest): void => {
    const outgoing = send(incoming);
    outgoing.on('response', (answer) => {
      if (answer.statusCode !== undefined) request.status = answer.statusCode;
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
  const finishUnheard = (incoming: IncomingMessage): void => {
    const end = (): void => server.closeAllConnections();
    send(incoming)
      .on('response', (answer) => answer.resume().on('end', end))
      .on('error', end);
  };
  const address = await listen(server, { host: '127.0.0.1', port: 0 });
  return {
    url: `http://127.0.0.1:${address.port}`,
    seen,
    watches,
    failNext: (matches, fault) => {
      const state = { done: false };
      planned.push({ matches, fault, state });
      return state;
    },
    refuseStreams: () => {
      streams = false;
    },
    killAt: (matches, moment) => {
      const state = { done: false };
      death = { matches, moment, state };
      return state;
    },
    revive: () => {
      death = undefined;
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

function fail(
  incoming: IncomingMessage,
  response: ServerResponse,
  fault: Exclude<Fault, 'cut after it was done'>,
): void {
  incoming.resume();
  if (fault === 'cut before it arrives') {
    response.destroy();
    return;
  }
  const [code, reason] = refusals[fault];
  const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: 'injected' };
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(status));
}
