/** Owns a real HTTP(S) server on loopback that answers as a test's script says: the fake stands at the network's edge. */
import { createServer as createHttpServer } from 'node:http';
import type {
  IncomingHttpHeaders,
  IncomingMessage,
  RequestListener,
  Server,
  ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { ServerOptions } from 'node:https';
import { text } from 'node:stream/consumers';
import { listen } from '../../platform/listener.ts';

export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type Answer = (response: ServerResponse, request: RecordedRequest) => void;
export type Matcher = (request: RecordedRequest) => boolean;

export interface FakeApiServer {
  readonly url: string;
  /** Every request so far, in order of arrival. */
  readonly requests: RecordedRequest[];
  /** How many connections were opened so far. */
  connections(): number;
  /** Answers the next request that matches, once; several for one matcher are used in order. */
  once(matcher: Matcher, answer: Answer): void;
  /** Answers every request that matches and that no `once` is waiting for; the newest wins. */
  always(matcher: Matcher, answer: Answer): void;
  stop(): Promise<void>;
}

/**
 * Starts the server; with `tls`, over HTTPS; at `port` or at a free one. What nothing matches is answered 404, but for a
 * streaming list, which is refused as by a server that has none.
 */
export async function startFakeApiServer(tls?: ServerOptions, port = 0): Promise<FakeApiServer> {
  const requests: RecordedRequest[] = [];
  const script: { readonly matcher: Matcher; readonly answer: Answer }[] = [];
  const standing: { readonly matcher: Matcher; readonly answer: Answer }[] = [];
  let connections = 0;

  const answerTo = (request: RecordedRequest): Answer => {
    const next = script.findIndex(({ matcher }) => matcher(request));
    const [once] = next === -1 ? [] : script.splice(next, 1);
    const rule = once ?? standing.find(({ matcher }) => matcher(request));
    return rule?.answer ?? (isStream(request) ? refusesStreams : noAnswer(request));
  };
  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const request = await record(incoming);
    requests.push(request);
    answerTo(request)(response, request);
  };
  const listener: RequestListener = (incoming, response) => {
    handle(incoming, response).catch(() => response.destroy());
  };
  const server: Server = tls === undefined ? createHttpServer(listener) : createHttpsServer(tls, listener);
  server.on(tls === undefined ? 'connection' : 'secureConnection', () => (connections += 1));
  const bound = await listen(server, { host: '127.0.0.1', port });
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${bound.port}`,
    requests,
    connections: () => connections,
    once: (matcher, answer) => script.push({ matcher, answer }),
    always: (matcher, answer) => standing.unshift({ matcher, answer }),
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function record(incoming: IncomingMessage): Promise<RecordedRequest> {
  const url = new URL(incoming.url ?? '/', 'http://loopback');
  return {
    method: incoming.method ?? '',
    path: url.pathname,
    query: url.searchParams,
    headers: incoming.headers,
    body: await text(incoming),
  };
}

/** Answers JSON. */
export const json =
  (body: unknown, status = 200, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };

/** Whether a watch is to begin with everything there is. */
export const isStream: Matcher = ({ query }) => query.get('sendInitialEvents') === 'true';

const noAnswer = ({ path }: RecordedRequest): Answer =>
  refusal(404, 'NotFound', `the script has no answer for ${path}`);

/** Answers with a Kubernetes Status. */
export const refusal = (
  code: number,
  reason: string,
  message = '',
  headers: Record<string, string> = {},
): Answer =>
  json({ kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message }, code, headers);

/** Answers a streaming list as servers do that have none. */
export const refusesStreams: Answer = refusal(422, 'Invalid', 'sendInitialEvents is forbidden for watch');

/** Accepts and never answers: what a half-open connection looks like. */
export const silence: Answer = () => undefined;

/** Breaks the connection without an answer. */
export const cut: Answer = (response) => {
  response.destroy();
};
