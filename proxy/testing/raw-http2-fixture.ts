/** Owns speaking HTTP/2 in frames made by hand, past every client's good manners, and reading what comes back. */
import { RawClient } from './raw-client-fixture.ts';
import type { RawTarget } from './raw-client-fixture.ts';

/** Types of frames (RFC 9113 §6). */
export const frames = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

export const endStream = 0x1;
export const endHeaders = 0x4;

export const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

export type Pairs = readonly (readonly [name: string, value: string])[];

/** Returns a frame (latin1). */
export function frame(type: number, flags: number, stream: number, payload = ''): string {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return head.toString('latin1') + payload;
}

export const uint32 = (value: number): string => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes.toString('latin1');
};

/** Returns `pairs` in HPACK, each as a literal that is not indexed (RFC 7541 §6.2.2). */
export const literals = (pairs: Pairs): string =>
  pairs.map(([name, value]) => `\0${lengthOf(name)}${name}${lengthOf(value)}${value}`).join('');

/** An integer with a prefix of seven bits (RFC 7541 §5.1). */
function lengthOf(text: string): string {
  if (text.length < 127) return String.fromCharCode(text.length);
  let rest = text.length - 127;
  let bytes = String.fromCharCode(127);
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes += String.fromCharCode((rest % 128) + 128);
  return bytes + String.fromCharCode(rest);
}

/** Returns the head of a request on `stream` (latin1). */
export const headers = (stream: number, pairs: Pairs, flags = endHeaders): string =>
  frame(frames.headers, flags, stream, literals(pairs));

export interface HeardFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** A connection of HTTP/2, and the frames that were heard on it. */
export class RawHttp2 extends RawClient {
  constructor(target: RawTarget) {
    super(target, 'h2');
  }

  /** Sends the preface and empty settings, and `text` behind it. */
  begin(text = ''): Promise<void> {
    return this.send(preface + frame(frames.settings, 0, 0) + text);
  }

  get frames(): HeardFrame[] {
    const bytes = Buffer.from(this.heard, 'latin1');
    const found: HeardFrame[] = [];
    for (let at = 0; at + 9 <= bytes.length;) {
      const length = bytes.readUIntBE(at, 3);
      if (at + 9 + length > bytes.length) break;
      found.push({
        type: bytes[at + 3] ?? 0,
        flags: bytes[at + 4] ?? 0,
        stream: bytes.readUInt32BE(at + 5) & 0x7fffffff,
        payload: bytes.subarray(at + 9, at + 9 + length),
      });
      at += 9 + length;
    }
    return found;
  }

  /** The code of the GOAWAY that came, if one did. */
  get goaway(): number | undefined {
    return this.frames.findLast(({ type }) => type === frames.goaway)?.payload.readUInt32BE(4);
  }

  /** What became of a stream: `answered` where it ended with an answer, `reset <code>`, or nothing yet. */
  outcomeOf(stream: number): string | undefined {
    const own = this.frames.filter((one) => one.stream === stream);
    const reset = own.find(({ type }) => type === frames.reset);
    if (reset !== undefined) return `reset ${reset.payload.readUInt32BE(0)}`;
    return own.some(({ flags, type }) => type <= 1 && (flags & endStream) !== 0) ? 'answered' : undefined;
  }
}
