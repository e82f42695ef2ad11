/** Owns where a WebSocket's frames end (RFC 6455 §5.2), so that a last one of our own can be put between two of them. */

/** FIN and the opcode of a close frame; two bytes: 1001, the server is going away. Servers send them unmasked. */
export const goingAwayFrame = Buffer.from([0x88, 0x02, 0x03, 0xe9]);

const maskBit = 0x80;
const maskBytes = 4;

/** Hears what a server sends, piece by piece. */
export class WebSocketFrames {
  /** Of the frame whose body is passing. */
  #remaining = 0;
  /** The beginning of a frame whose header is not whole yet. */
  #header: number[] = [];

  /** Whether no frame is under way. */
  get isBetween(): boolean {
    return this.#remaining === 0 && this.#header.length === 0;
  }

  note(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#remaining > 0) {
        const taken = Math.min(this.#remaining, chunk.length - at);
        this.#remaining -= taken;
        at += taken;
        continue;
      }
      this.#header.push(chunk[at] ?? 0);
      at += 1;
      const length = frameLength(this.#header);
      if (length === undefined) continue;
      this.#header = [];
      this.#remaining = length;
    }
  }
}

/** Returns how many bytes follow the header; undefined while it is not whole. */
function frameLength(header: readonly number[]): number | undefined {
  const [, second] = header;
  if (second === undefined) return undefined;
  const short = second & ~maskBit;
  const mask = (second & maskBit) === 0 ? 0 : maskBytes;
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0;
  if (header.length < 2 + extended) return undefined;
  const long = header.slice(2).reduce((length, byte) => length * 256 + byte, 0);
  return mask + (extended === 0 ? short : long);
}
