/** Owns two readers of the same bytes, ours and node's, without a network: which requests each of them finds. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { duplexPair } from 'node:stream';
import type { Duplex } from 'node:stream';
import { usualLimits } from '../downstream/connection-limits.ts';
import { Http1Connection } from '../downstream/http1-connection.ts';

export interface ReadRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
  readonly body: string;
}

export interface Reading {
  /** Those that were there whole, in order. */
  readonly requests: readonly ReadRequest[];
  /** The bytes were refused at some point. */
  readonly refused: boolean;
  /** What was answered (latin1). */
  readonly answers: string;
}

/** Gives `pieces` to whoever `accept`s the other end, and returns what was answered until it ended. */
async function converse(accept: (end: Duplex) => void, pieces: readonly string[]): Promise<string> {
  const [mine, theirs] = duplexPair();
  let answers = '';
  mine.on('data', (bytes: Buffer) => (answers += bytes.toString('latin1')));
  mine.on('error', () => undefined);
  accept(theirs);
  for (const piece of pieces) {
    if (!mine.destroyed) mine.write(piece, 'latin1');
    await new Promise((resolve) => setImmediate(resolve));
  }
  mine.end();
  // The other end needs some turns for the bodies; nothing else wakes it.
  for (let turn = 0; turn < 50 && !mine.readableEnded; turn += 1)
    await new Promise((resolve) => setImmediate(resolve));
  mine.destroy();
  theirs.destroy();
  return answers;
}

/** Reads with our own parser, each request answered with 200 once its body is whole. */
export async function readOurs(pieces: readonly string[]): Promise<Reading> {
  const requests: ReadRequest[] = [];
  const seen = { broken: false };
  const answers = await converse((end) => {
    new Http1Connection(
      {
        now: () => 0,
        limits: usualLimits,
        draining: false,
        mayTurnHttp2: false,
        takeHttp2: () => undefined,
        onClosed: () => undefined,
        serve: (caller) => {
          let body = '';
          caller.events = {
            onEnd: () => undefined,
            onDrain: () => undefined,
            onBroken: () => {
              seen.broken = true;
              caller.cut();
            },
          };
          caller.readBody({
            onBody: (chunk) => (body += chunk.toString('latin1')),
            onBodyEnd: () => {
              const { method, target, headers } = caller.head;
              requests.push({ method, target, headers, body });
              caller.sendHead(200, '', ['content-length', '0'], 'length');
              caller.end();
            },
          });
        },
      },
      // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- what of a socket is used, any stream has
      end as Socket,
      { remoteAddress: '', identities: () => [] },
    );
  }, pieces);
  return { requests, refused: seen.broken || /HTTP\/1\.1 [45]/.test(answers), answers };
}

/** Reads with node's strict parser in the same way. */
export async function readNodes(pieces: readonly string[]): Promise<Reading> {
  const requests: ReadRequest[] = [];
  let refused = false;
  const server = createServer({ insecureHTTPParser: false });
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    let body = '';
    request.on('error', () => undefined);
    request.on('data', (chunk: Buffer) => (body += chunk.toString('latin1')));
    request.on('end', () => {
      const { method = '', url = '', rawHeaders } = request;
      requests.push({ method, target: url, headers: rawHeaders, body });
      response.end();
    });
  };
  server.on('request', onRequest).on('checkContinue', onRequest).on('checkExpectation', onRequest);
  // The socket stays: destroying it would take the requests along that came before the fault.
  server.on('clientError', () => (refused = true));
  const answers = await converse((end) => server.emit('connection', end), pieces);
  return { requests, refused, answers };
}
