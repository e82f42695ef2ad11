/** Owns the yardstick in Node: node:http in, undici's dispatch out, no policy at all. Argument: its hop, as JSON. */
import { readFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:http';
import type { RequestListener, Server, ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { join } from 'node:path';
import { Pool } from 'undici';
import type { Dispatcher } from 'undici';
import type { Hop } from './hop.ts';

const hop = JSON.parse(process.argv[2] ?? '') as Hop;
const read = (file: string): string => readFileSync(join(hop.tls, file), 'utf8');
const tls = {
  cert: read('tls.crt'),
  key: read('tls.key'),
  ca: read('ca.crt'),
  minVersion: 'TLSv1.3',
} as const;

const pool = new Pool(`${hop.out === 'plain' ? 'http' : 'https'}://127.0.0.1:${hop.to}`, {
  connections: 64,
  pipelining: 1,
  // The names in the certificates are identities, none of them an address.
  ...(hop.out === 'plain' ? {} : { connect: { ...tls, checkServerIdentity: () => undefined } }),
});

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

const relay: RequestListener = (request, response) => {
  const { host: _host, connection: _connection, ...headers } = request.headers;
  pool.dispatch(
    { path: request.url ?? '/', method: request.method ?? 'GET', headers, body: request },
    new Relay(response),
  );
};

function makeServer(): Server {
  if (hop.in === 'plain') return createPlainServer(relay);
  const asks = hop.in === 'mtls';
  return createTlsServer({ ...tls, requestCert: asks, rejectUnauthorized: asks }, relay);
}

makeServer().listen(hop.port, '127.0.0.1');
