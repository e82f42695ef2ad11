/** Owns a model that speaks WebSocket for tests: the handshake and whole frames of RFC 6455, by hand, and nothing more. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ModelServer } from './model-server-fixture.ts';

export interface ModelSocket {
  readonly request: IncomingMessage;
  readonly stream: Duplex;
  /** Payloads of the frames that came. */
  readonly heard: Buffer[];
  send(payload: Buffer, opcode?: number): boolean;
}

const text = 1;
const binary = 2;
const close = 8;

/** Makes the model accept WebSockets; `onSocket` is told of each one. Default: messages are sent back. */
export function acceptWebSockets(
  model: ModelServer,
  onMessage: (socket: ModelSocket, payload: Buffer, opcode: number) => void = (socket, payload, opcode) =>
    void socket.send(payload, opcode),
): ModelSocket[] {
  const sockets: ModelSocket[] = [];
  model.server.on('upgrade', (request: IncomingMessage, stream: Duplex, first: Buffer) => {
    const key = request.headers['sec-websocket-key'] ?? '';
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    const protocol = request.headers['sec-websocket-protocol'];
    stream.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n${
        protocol === undefined ? '' : `Sec-WebSocket-Protocol: ${protocol}\r\n`
      }\r\n`,
    );
    const socket: ModelSocket = {
      request,
      stream,
      heard: [],
      send: (payload, opcode = binary) =>
        stream.write(Buffer.concat([headerOf(payload.length, opcode), payload])),
    };
    sockets.push(socket);
    stream.on('error', () => undefined).on('end', () => stream.end());
    const read = makeFrameReader((payload, opcode) => {
      socket.heard.push(payload);
      if (opcode === close) stream.end(Buffer.concat([headerOf(payload.length, close), payload]));
      else onMessage(socket, payload, opcode);
    });
    read(first);
    stream.on('data', read);
  });
  return sockets;
}

function headerOf(length: number, opcode: number): Buffer {
  if (length < 126) return Buffer.from([0x80 | opcode, length]);
  if (length < 65_536) return Buffer.from([0x80 | opcode, 126, length >> 8, length & 0xff]);
  const header = Buffer.alloc(10);
  header[0] = 0x80 | opcode;
  header[1] = 127;
  header.writeBigUInt64BE(BigInt(length), 2);
  return header;
}

/** Returns a reader of masked frames, as clients send them. */
function makeFrameReader(onFrame: (payload: Buffer, opcode: number) => void): (bytes: Buffer) => void {
  let pending = Buffer.alloc(0);
  return (bytes) => {
    pending = Buffer.concat([pending, bytes]);
    for (;;) {
      const frame = frameOf(pending);
      if (frame === undefined) return;
      pending = pending.subarray(frame.size);
      onFrame(frame.payload, frame.opcode);
    }
  };
}

function frameOf(bytes: Buffer): { payload: Buffer; opcode: number; size: number } | undefined {
  if (bytes.length < 2) return undefined;
  const short = (bytes[1] ?? 0) & 0x7f;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  const from = 2 + extended + 4;
  if (bytes.length < from) return undefined;
  const length = extended === 0 ? short : Number(BigInt(`0x${bytes.toString('hex', 2, 2 + extended)}`));
  if (bytes.length < from + length) return undefined;
  const mask = bytes.subarray(from - 4, from);
  const payload = Buffer.from(bytes.subarray(from, from + length));
  for (let index = 0; index < length; index += 1)
    payload[index] = (payload[index] ?? 0) ^ (mask[index % 4] ?? 0);
  return { payload, opcode: (bytes[0] ?? 0) & 0x0f, size: from + length };
}

/** The bytes of a text frame as a client sends it, masked with nothing. */
export const textFrame = (message: string): string =>
  `${String.fromCharCode(0x80 | text, 0x80 | message.length)}\0\0\0\0${message}`;
