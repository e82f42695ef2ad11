/** Owns how tests write one document in many ways, and cut it into pieces as a network does. */
import fc from 'fast-check';

/** Cuts the text into pieces of up to 20 bytes, amid characters too. */
export function cutAnywhere(text: string, sizes: Iterable<number>): Buffer[] {
  const bytes = Buffer.from(text);
  const pieces: Buffer[] = [];
  let from = 0;
  for (const size of sizes) {
    if (from >= bytes.length) break;
    pieces.push(bytes.subarray(from, from + size));
    from += size;
  }
  return pieces;
}

/** Returns JSON of `value` with white space between its parts, and any of its characters escaped. */
export function escapedJson(value: unknown): fc.Arbitrary<string> {
  return fc.tuple(fc.constantFrom(undefined, 1, '\t', '\r\n'), fc.nat(3)).map(([indent, every]) => {
    const text = JSON.stringify(value, null, indent);
    if (every === 0) return text;
    let isInside = false;
    return text.replaceAll(/\\u[0-9a-f]{4}|\\.|[^]/gu, (part, at: number) => {
      if (part === '"') isInside = !isInside;
      if (!isInside || part === '"' || part.startsWith('\\') || at % every !== 0) return part;
      return [...Array(part.length).keys()].map((unit) => escapeOf(part.charCodeAt(unit))).join('');
    });
  });
}

const escapeOf = (unit: number): string => `\\u${unit.toString(16).padStart(4, '0')}`;
