/** Owns the wire format of protocol buffers: a message as its fields, numbered and not yet understood. */
import { badRequest } from '../errors/api-error.ts';

/** A varint or fixed number, or the bytes of a string, a message or an array of bytes. */
export type WireValue = bigint | Buffer;

export interface WireField {
  readonly number: number;
  readonly value: WireValue;
}

/** Returns the fields of a message in their order. @throws ApiError 400 where the bytes are no message. */
export function readFields(message: Buffer): WireField[] {
  const fields: WireField[] = [];
  let offset = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[offset];
      if (byte === undefined) throw malformed();
      offset += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw malformed();
  };
  const bytes = (length: number): Buffer => {
    if (offset + length > message.length) throw malformed();
    offset += length;
    return message.subarray(offset - length, offset);
  };
  while (offset < message.length) {
    const tag = Number(varint());
    const read: Readonly<Record<number, () => WireValue>> = {
      0: varint,
      1: () => bytes(8),
      2: () => bytes(Number(varint())),
      5: () => bytes(4),
    };
    const value = read[tag & 7]?.();
    if (value === undefined) throw malformed();
    fields.push({ number: tag >> 3, value });
  }
  return fields;
}

/** Returns the first value of a field. */
export const fieldOf = (fields: readonly WireField[], number: number): WireValue | undefined =>
  fields.find((field) => field.number === number)?.value;

export const textOf = (value: WireValue | undefined): string =>
  Buffer.isBuffer(value) ? value.toString('utf8') : '';

/** Negative numbers are written as 64 bits in two's complement. */
export const numberOf = (value: WireValue | undefined): number =>
  typeof value === 'bigint' ? Number(BigInt.asIntN(64, value)) : 0;

const malformed = (): Error => badRequest('the body is not a valid protocol buffer message');
