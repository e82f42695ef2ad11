/** Owns reading protobuf in tests, without a schema: the fields of a message by their number. */

type Wire = number | bigint | Buffer;

/** What a message holds, by field number, in order. */
export class Message {
  readonly #fields = new Map<number, Wire[]>();

  constructor(bytes: Buffer) {
    let at = 0;
    const varint = (): bigint => {
      let value = 0n;
      for (let shift = 0n; ; shift += 7n) {
        const byte = bytes[at] ?? 0;
        at += 1;
        value |= BigInt(byte & 0x7f) << shift;
        if (byte < 0x80) return value;
      }
    };
    const take = (length: number): Buffer => {
      at += length;
      return bytes.subarray(at - length, at);
    };
    while (at < bytes.length) {
      const tag = Number(varint());
      const type = tag & 7;
      const value =
        type === 0
          ? varint()
          : type === 1
            ? take(8).readBigUInt64LE()
            : type === 5
              ? take(4).readUInt32LE()
              : take(Number(varint()));
      this.#fields.set(tag >> 3, [...(this.#fields.get(tag >> 3) ?? []), value]);
    }
  }

  messages(field: number): Message[] {
    return this.bytes(field).map((bytes) => new Message(bytes));
  }

  bytes(field: number): Buffer[] {
    return (this.#fields.get(field) ?? []).filter((value) => Buffer.isBuffer(value));
  }

  text(field: number): string {
    return this.bytes(field)[0]?.toString('utf8') ?? '';
  }

  number(field: number): number {
    return Number(this.#fields.get(field)?.[0] ?? 0);
  }

  bigint(field: number): bigint {
    return BigInt((this.#fields.get(field)?.[0] as bigint | undefined) ?? 0);
  }

  double(field: number): number {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(this.bigint(field));
    return bytes.readDoubleLE();
  }

  has(field: number): boolean {
    return this.#fields.has(field);
  }
}
