/** Owns a model server for tests: a real HTTP server on loopback that answers as the test says. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  readonly url: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly rawHeaders: readonly string[];
  readonly body: string;
}

export interface ModelServer {
  readonly host: string;
  readonly port: number;
  /** Requests other than health checks, as they ended. */
  readonly seen: SeenRequest[];
  /** What `/health` answers. */
  healthy: boolean;
  /** Called for each request on its head; default: answers `{"predictions":[0]}` after the body. */
  respond: (request: IncomingMessage, response: ServerResponse) => void;
  stop(): Promise<void>;
}

export async function startModelServer(host = '127.0.0.1', port = 0): Promise<ModelServer> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    if (request.url === '/health' || request.url === '/ping') {
      response.writeHead(model.healthy ? 200 : 503).end('health');
      return;
    }
    model.respond(request, response);
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  const model: ModelServer = {
    host,
    port: (server.address() as AddressInfo).port,
    seen,
    healthy: true,
    respond: (request, response) => {
      void readBody(request).then((body) => {
        seen.push({ url: request.url ?? '', headers: request.headers, rawHeaders: request.rawHeaders, body });
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"predictions":[0]}');
      });
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return model;
}

export async function readBody(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
