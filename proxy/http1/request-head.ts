/**
 * Owns the head of an HTTP/1.1 request (RFC 9112): its line, its headers as sent, and what they say about its body. It is
 * strict where the RFC leaves a choice: what two hops could read in two ways is refused, so that nobody smuggles a request.
 */
import { refusals } from '../errors.ts';
import type { Refusal } from '../errors.ts';
import { tokenCharacters, trimmed, valueCharacters } from './characters.ts';
import { makeDraft, readField } from './request-fields.ts';
import type { HeadDraft } from './request-fields.ts';
import { parseRequestLine } from './request-line.ts';

export interface RequestHead {
  readonly method: string;
  /** Path and query, as they were sent. */
  readonly target: string;
  /** Of HTTP/1.x. */
  readonly minorVersion: number;
  /** Raw name/value pairs in order, names as they were sent. */
  readonly headers: readonly string[];
  readonly host: string;
  /** Length of the body; undefined: it is sent in chunks. */
  readonly contentLength: number | undefined;
  /** Whether the connection may carry another request after this one. */
  readonly keepAlive: boolean;
  /** In lower case: the headers that `Connection` keeps to this hop, beside those that always are. */
  readonly nominated: readonly string[];
  /** The client waits for "100 Continue" before it sends the body. */
  readonly expectsContinue: boolean;
  /** In lower case: the protocol that the client would rather speak. */
  readonly upgrade: string | undefined;
  readonly authorization: string | undefined;
  /** `x-request-id`. */
  readonly requestId: string | undefined;
}

const maxHeaders = 128;

/** Where a line begins, where its colon is, and where it ends, one after the other; used for one head at a time. */
const lines = new Int32Array(3 * (maxHeaders + 1));

/**
 * Returns the head in `bytes` from `from` up to `end`, where its last line ends (without the empty line's CRLF); or why
 * it is refused.
 */
export function parseRequestHead(bytes: Buffer, from: number, end: number): RequestHead | Refusal {
  const firstEnd = endOfLine(bytes, from, end);
  const headerCount = firstEnd === -1 ? -1 : scanHeaders(bytes, firstEnd + 2, end);
  if (headerCount === tooMany) return refusals.headersTooLarge;
  if (headerCount === -1) return refusals.malformedRequest('a line of it is no proper header');
  const text = bytes.toString('latin1', from, end);
  const draft = makeDraft();
  const wrong =
    readRequestLine(draft, text.slice(0, firstEnd - from)) ?? readHeaders(draft, text, from, headerCount);
  return wrong ?? headOf(draft);
}

const tooMany = -2;

/** Returns where the line that begins at `from` ends; -1 where it holds a CR or LF of its own. */
function endOfLine(bytes: Buffer, from: number, end: number): number {
  for (let index = from; index < end; index += 1) {
    const code = bytes[index];
    if (code === 13) return bytes[index + 1] === 10 ? index : -1;
    if (code === 10) return -1;
  }
  return end;
}

/** Notes where each header is, and returns how many there are; -1 where a line is none, `tooMany` beyond the bound. */
function scanHeaders(bytes: Buffer, from: number, end: number): number {
  let count = 0;
  for (let start = from; start < end; count += 1) {
    if (count === maxHeaders) return tooMany;
    const colon = endOf(tokenCharacters, bytes, start, end);
    if (colon === start || bytes[colon] !== 0x3a) return -1;
    const lineEnd = endOf(valueCharacters, bytes, colon + 1, end);
    if (lineEnd < end && (bytes[lineEnd] !== 13 || bytes[lineEnd + 1] !== 10)) return -1;
    lines[3 * count] = start;
    lines[3 * count + 1] = colon;
    lines[3 * count + 2] = lineEnd;
    start = lineEnd + 2;
  }
  return count;
}

/** Returns where the characters of `members` that begin at `from` end. */
function endOf(members: Uint8Array, bytes: Buffer, from: number, end: number): number {
  let index = from;
  while (index < end && members[bytes[index] ?? 0] === 1) index += 1;
  return index;
}

function readRequestLine(draft: HeadDraft, line: string): Refusal | undefined {
  const read = parseRequestLine(line);
  if ('errorCode' in read) return read;
  draft.method = read.method;
  draft.target = read.target;
  draft.minorVersion = read.minorVersion;
  draft.named = read.named;
  return undefined;
}

function readHeaders(draft: HeadDraft, text: string, from: number, count: number): Refusal | undefined {
  for (let line = 0; line < count; line += 1) {
    const colon = (lines[3 * line + 1] ?? 0) - from;
    const name = text.slice((lines[3 * line] ?? 0) - from, colon);
    const value = trimmed(text, colon + 1, (lines[3 * line + 2] ?? 0) - from);
    draft.headers.push(name, value);
    const wrong = readField(draft, name, value);
    if (wrong !== undefined) return wrong;
  }
  if (draft.host !== undefined || draft.minorVersion === 0) return undefined;
  return refusals.malformedRequest('it has no Host header');
}

function headOf(draft: HeadDraft): RequestHead | Refusal {
  const { chunked, contentLength, minorVersion, close, persist } = draft;
  if (chunked && contentLength !== undefined) {
    return refusals.malformedRequest('it has both Transfer-Encoding and Content-Length');
  }
  if (chunked && minorVersion === 0) return refusals.malformedRequest('HTTP/1.0 knows no Transfer-Encoding');
  return {
    method: draft.method,
    target: draft.target,
    minorVersion,
    headers: draft.headers,
    host: draft.named ?? draft.host ?? '',
    contentLength: chunked ? undefined : (contentLength ?? 0),
    keepAlive: !close && (minorVersion === 1 || persist),
    nominated: draft.nominated,
    expectsContinue: draft.expect !== undefined && minorVersion === 1,
    upgrade: draft.upgrade,
    authorization: draft.authorization,
    requestId: draft.requestId,
  };
}
