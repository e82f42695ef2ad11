/**
 * Owns the hash by which keys and prefixes find their place: XXH32 (xxHash, doc/xxhash_spec.md), which every language
 * has. Keys are short, so that arithmetic in 32 bits here costs less than handing them to another runtime.
 */

const prime1 = 0x9e3779b1;
const prime2 = 0x85ebca77;
const prime3 = 0xc2b2ae3d;
const prime4 = 0x27d4eb2f;
const prime5 = 0x165667b1;
const stripe = 16;

/** Returns the hash of the UTF-8 bytes of `text`, 0 ≤ hash < 2³². */
export function xxhash32(text: string, seed = 0): number {
  const bytes = Buffer.from(text, 'utf8');
  const { length } = bytes;
  let at = length - (length % stripe);
  let hash = length < stripe ? (seed + prime5) | 0 : hashStripes(bytes, at, seed);
  hash = (hash + length) | 0;
  for (; at + 4 <= length; at += 4) {
    hash = Math.imul(rotate((hash + Math.imul(bytes.readUInt32LE(at), prime3)) | 0, 17), prime4);
  }
  for (; at < length; at += 1) {
    hash = Math.imul(rotate((hash + Math.imul(bytes.readUInt8(at), prime5)) | 0, 11), prime1);
  }
  return avalanche(hash);
}

function hashStripes(bytes: Buffer, end: number, seed: number): number {
  let one = (seed + prime1 + prime2) | 0;
  let two = (seed + prime2) | 0;
  let three = seed | 0;
  let four = (seed - prime1) | 0;
  for (let at = 0; at < end; at += stripe) {
    one = round(one, bytes.readUInt32LE(at));
    two = round(two, bytes.readUInt32LE(at + 4));
    three = round(three, bytes.readUInt32LE(at + 8));
    four = round(four, bytes.readUInt32LE(at + 12));
  }
  return (rotate(one, 1) + rotate(two, 7) + rotate(three, 12) + rotate(four, 18)) | 0;
}

const round = (lane: number, word: number): number =>
  Math.imul(rotate((lane + Math.imul(word, prime2)) | 0, 13), prime1);

const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

function avalanche(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 15), prime2);
  mixed = Math.imul(mixed ^ (mixed >>> 13), prime3);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
