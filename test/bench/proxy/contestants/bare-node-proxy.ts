/** Owns the yardstick in Node: node:http in, undici's dispatch out, no policy at all. Arguments: port, port of the backend. */
import { createServer } from 'node:http';
import type { ServerResponse } from 'node:http';
import { Pool } from 'undici';
import type { Dispatcher } from 'undici';

const [port, backend] = process.argv.slice(2).map(Number);
const pool = new Pool(`http://127.0.0.1:${backend ?? 0}`, { connections: 64, pipelining: 1 });

class Relay implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  onRequestStart(): void {
    // Required by undici; there is nothing to prepare.
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: object): void {
    this.#response.writeHead(status, headers as Record<string, string>);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#response.write(chunk);
  }

  onResponseEnd(): void {
    this.#response.end();
  }

  onResponseError(): void {
    this.#response.destroy();
  }
}

createServer((request, response) => {
  const { host: _host, connection: _connection, ...headers } = request.headers;
  pool.dispatch(
    { path: request.url ?? '/', method: request.method ?? 'GET', headers, body: request },
    new Relay(response),
  );
}).listen(port, '127.0.0.1');
