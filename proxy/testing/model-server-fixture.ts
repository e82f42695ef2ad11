/** Owns a model server for tests: a real HTTP server on loopback that answers as the test says. */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface SeenRequest {
  readonly url: string;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly bytes: Buffer;
}

export interface ModelServer {
  readonly host: string;
  readonly port: number;
  /** For tests that need more of it than answers. */
  readonly server: Server;
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
  // Node forgets those that speak another protocol now.
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(port, host, resolve));
  const model: ModelServer = {
    host,
    server,
    port: (server.address() as AddressInfo).port,
    seen,
    healthy: true,
    respond: (request, response) => {
      void readBytes(request).then((bytes) => {
        const { url = '', headers, rawHeaders } = request;
        seen.push({ url, headers, rawHeaders, body: bytes.toString('utf8'), bytes });
        response.writeHead(200, { 'content-type': 'application/json' }).end('{"predictions":[0]}');
      }, ignoreAborted);
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return model;
}

export async function readBody(stream: AsyncIterable<Buffer>): Promise<string> {
  return (await readBytes(stream)).toString('utf8');
}

/** A request that ends before its body does has not been seen. */
const ignoreAborted = (): void => undefined;

async function readBytes(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
