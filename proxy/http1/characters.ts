/** Owns which characters may stand where in a head (RFC 9110 §5.5, §5.6.2; RFC 9112 §3.2). */

const table = (characters: Iterable<number>): Uint8Array => {
  const members = new Uint8Array(256);
  for (const code of characters) members[code] = 1;
  return members;
};
const codesOf = (text: string): number[] => Array.from(text, (character) => character.charCodeAt(0));
const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

/** `tchar`: of methods and header names. Indexed by code, 1 for members. */
export const tokenCharacters = table(
  codesOf("!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"),
);

/** Of header values: visible ones, blanks, and bytes beyond ASCII, which are opaque. */
export const valueCharacters = table([0x09, ...range(0x20, 0x7e), ...range(0x80, 0xff)]);

/** Of a request target: no blank, nothing invisible, nothing beyond ASCII, and no fragment. */
export const targetCharacters = table(range(0x21, 0x7e).filter((code) => code !== 0x23));

const isBlank = (code: number): boolean => code === 0x20 || code === 0x09;

/** Whether the first `length` characters of `text` are all in `members`. */
export function areAll(members: Uint8Array, text: string, length = text.length): boolean {
  for (let index = 0; index < length; index += 1) {
    if (members[text.charCodeAt(index)] !== 1) return false;
  }
  return true;
}

/** Without spaces and tabs around it, and these alone: other characters that JavaScript calls blank are part of a value. */
export function trimmed(text: string, from: number, to = text.length): string {
  let start = from;
  let end = to;
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}
