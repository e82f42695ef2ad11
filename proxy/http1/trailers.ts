/** Owns the fields after a body in chunks (RFC 9110 §6.5): which may be there, and which may not say anything any more. */
import { areAll, tokenCharacters, trimmed, valueCharacters } from './characters.ts';

const maxTrailers = 64;

/** They frame, route or permit the message, so they are too late; a recipient that heeded them could be fooled. */
const forbidden = new Set([
  'transfer-encoding',
  'content-length',
  'host',
  'authorization',
  'proxy-authorization',
  'connection',
  'te',
  'trailer',
  'upgrade',
  'expect',
  'content-encoding',
  'content-type',
  'content-range',
  'set-cookie',
]);

/** Words that only proxies may speak are none of theirs either. */
const isForbidden = (name: string): boolean => forbidden.has(name) || name.startsWith('x-fairlead-');

/** Returns the raw name/value pairs of trailer lines (latin1, without the empty line); or, as a text, what is wrong. */
export function trailersOf(text: string): string[] | string {
  const pairs: string[] = [];
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon < 1 || !areAll(tokenCharacters, line, colon)) return 'a trailer has no proper name';
    const name = line.slice(0, colon);
    const value = trimmed(line, colon + 1);
    if (!areAll(valueCharacters, value)) return 'a trailer value holds a control character';
    if (isForbidden(name.toLowerCase())) return 'a trailer says what only a header may say';
    if (pairs.length >= 2 * maxTrailers) return `it has more than ${maxTrailers} trailers`;
    pairs.push(name, value);
  }
  return pairs;
}
