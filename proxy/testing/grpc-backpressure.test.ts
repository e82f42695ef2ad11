/** Owns the proof that calls of gRPC have backpressure both ways: with node's HTTP/2 at both ends, for gRPC's library has none. */
import { once } from 'node:events';
import { createServer } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, Http2Server, ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { patiently, startChain } from './chain-fixture.ts';
import type { Chain } from './chain-fixture.ts';
import { until } from './http-client-fixture.ts';
import { bufferedBytes } from './memory-fixture.ts';
import { openSession } from './http2-client-fixture.ts';
import { makePki } from './pki-fixture.ts';
import type { Pki } from './pki-fixture.ts';

const megabyte = 1024 * 1024;
const total = 64 * megabyte;
/** A message of 256 KiB with the prefix that gRPC gives it. */
const message = Buffer.concat([Buffer.from([0, 0, 4, 0, 0]), Buffer.alloc(256 * 1024)]);

let pki: Pki;
let t: Chain;
let model: Http2Server;
let session: ClientHttp2Session;
let serve: (stream: ServerHttp2Stream) => void;
const sockets = new Set<Socket>();
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());
beforeEach(async () => {
  model = createServer().listen(0, '127.0.0.1');
  model.on('stream', (stream) => {
    stream.on('error', () => undefined);
    serve(stream as ServerHttp2Stream);
  });
  model.on('connection', (socket: Socket) => sockets.add(socket));
  await once(model, 'listening');
  const { port } = model.address() as AddressInfo;
  t = await startChain(pki, {
    gateway: { domain: 'models.example' },
    sidecar: (config) => ({
      ...patiently(config),
      modelServer: { ...config.modelServer, grpcPort: port },
    }),
  });
  session = await openSession({ address: t.gateway.gateway.address });
});
afterEach(async () => {
  session.destroy();
  await t.stop();
  for (const socket of sockets) socket.destroy();
  model.close();
});

function call(): ClientHttp2Stream {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/inference.Wine/Converse',
    ':authority': 'wine.team-a.models.example',
    'content-type': 'application/grpc',
    te: 'trailers',
    authorization: 'Bearer alice-token',
  });
  stream.on('error', () => undefined);
  return stream;
}

/** Writes messages as long as they are taken; tells how many bytes were. */
function pump(stream: ServerHttp2Stream | ClientHttp2Stream): { readonly bytes: number } {
  const written = { bytes: 0 };
  const write = (): void => {
    while (written.bytes < total && !stream.destroyed) {
      written.bytes += message.length;
      if (!stream.write(message)) return void stream.once('drain', write);
    }
    stream.end();
  };
  write();
  return written;
}

async function settled(count: () => number): Promise<number> {
  let before = -1;
  while (count() !== before) {
    before = count();
    await sleep(300);
  }
  return before;
}

it(
  'an answer is read no faster than its caller reads, and the proxies hold next to nothing of it',
  { timeout: 60_000 },
  async () => {
    let written: { readonly bytes: number } | undefined;
    serve = (stream) => {
      stream.respond({ 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      written = pump(stream);
    };
    const before = await bufferedBytes();
    const stream = call();
    await once(stream, 'response');
    expect(await settled(() => written?.bytes ?? 0)).toBeLessThan(24 * megabyte);
    expect((await bufferedBytes()) - before).toBeLessThan(16 * megabyte);
    let read = 0;
    let code: unknown;
    stream.on('data', (bytes: Buffer) => (read += bytes.length));
    stream.on('trailers', (trailers) => (code = trailers['grpc-status']));
    await once(stream, 'close');
    expect(read).toBeGreaterThanOrEqual(total);
    expect(code).toBe('0');
  },
);

it(
  'a call is read no faster than the model reads, and others on its connection go on',
  { timeout: 60_000 },
  async () => {
    let at: ServerHttp2Stream | undefined;
    serve = (stream) => {
      at ??= stream;
      if (at !== stream) stream.respond({ 'grpc-status': '0' }, { endStream: true });
    };
    const stream = call();
    const written = pump(stream);
    await until(() => at !== undefined);
    expect(await settled(() => written.bytes)).toBeLessThan(24 * megabyte);
    const other = call();
    other.end();
    await once(other, 'response');
    let read = 0;
    at?.on('data', (bytes: Buffer) => (read += bytes.length));
    at?.on('end', () => at?.respond({ 'grpc-status': '0' }, { endStream: true }));
    await once(stream, 'response');
    expect(read).toBeGreaterThanOrEqual(total);
  },
);
