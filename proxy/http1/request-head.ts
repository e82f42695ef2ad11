/**
 * Owns the head of an HTTP/1.1 request (RFC 9112): its line, its headers as sent, and what they say about its body. It is
 * strict where the RFC leaves a choice: what two hops could read in two ways is refused, so that nobody smuggles a request.
 */
import { refusals } from '../errors.ts';
import type { Refusal } from '../errors.ts';
import { targetCharacters, tokenCharacters, trimmed, valueCharacters } from './characters.ts';

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

export const maxTargetBytes = 8 * 1024;
const maxHeaders = 128;
const nobody: readonly string[] = [];

/** Where a line begins, where its colon is, and where it ends, one after the other; used for one head at a time. */
const lines = new Int32Array(3 * (maxHeaders + 1));

/** Mutable on the way; what is read twice and must not be is noticed by not being undefined any more. */
interface Draft {
  method: string;
  target: string;
  minorVersion: number;
  headers: string[];
  host: string | undefined;
  contentLength: number | undefined;
  chunked: boolean;
  close: boolean;
  persist: boolean;
  nominated: readonly string[];
  expect: string | undefined;
  upgrade: string | undefined;
  authorization: string | undefined;
  requestId: string | undefined;
}

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

const makeDraft = (): Draft => ({
  method: '',
  target: '',
  minorVersion: 1,
  headers: [],
  host: undefined,
  contentLength: undefined,
  chunked: false,
  close: false,
  persist: false,
  nominated: nobody,
  expect: undefined,
  upgrade: undefined,
  authorization: undefined,
  requestId: undefined,
});

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
    let index = start;
    while (index < end && tokenCharacters[bytes[index] ?? 0] === 1) index += 1;
    if (index === start || bytes[index] !== 0x3a) return -1;
    const colon = index;
    index += 1;
    while (index < end && valueCharacters[bytes[index] ?? 0] === 1) index += 1;
    if (index < end && (bytes[index] !== 13 || bytes[index + 1] !== 10)) return -1;
    lines[3 * count] = start;
    lines[3 * count + 1] = colon;
    lines[3 * count + 2] = index;
    start = index + 2;
  }
  return count;
}

const requestLine = /^([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([^ ]+) HTTP\/([0-9])\.([0-9])$/;

function readRequestLine(draft: Draft, line: string): Refusal | undefined {
  const match = requestLine.exec(line);
  if (match === null) return refusals.malformedRequest('its first line is no request line');
  const [, method = '', target = '', major, minor = ''] = match;
  if (major !== '1' || minor > '1') return refusals.unsupportedVersion;
  if (target.length > maxTargetBytes) return refusals.targetTooLong;
  for (let index = 0; index < target.length; index += 1) {
    if (targetCharacters[target.charCodeAt(index)] !== 1) {
      return refusals.malformedRequest('its target holds a character that must be percent-encoded');
    }
  }
  draft.method = method;
  draft.minorVersion = Number(minor);
  draft.target = target;
  return target.startsWith('/') ? undefined : readAbsoluteTarget(draft, target);
}

const absoluteForm = /^https?:\/\/([A-Za-z0-9._~:[\]-]+)(\/[^#]*)?(\?.*)?$/i;

/** A client that takes us for a proxy of its own names the host in the target; that counts, and not the header. */
function readAbsoluteTarget(draft: Draft, target: string): Refusal | undefined {
  const match = absoluteForm.exec(target);
  if (match === null) return refusals.malformedRequest('its target is neither a path nor a URL');
  const [, host, path = '/', query = ''] = match;
  draft.host = host;
  draft.target = path + query;
  return undefined;
}

function readHeaders(draft: Draft, text: string, from: number, count: number): Refusal | undefined {
  const isAbsolute = draft.host !== undefined;
  const named = draft.host;
  draft.host = undefined;
  for (let line = 0; line < count; line += 1) {
    const colon = (lines[3 * line + 1] ?? 0) - from;
    const name = text.slice((lines[3 * line] ?? 0) - from, colon);
    const value = trimmed(text, colon + 1, (lines[3 * line + 2] ?? 0) - from);
    draft.headers.push(name, value);
    if (matters[name.length] === 1) {
      const wrong = readers[name.toLowerCase()]?.(draft, value);
      if (wrong !== undefined) return wrong;
    }
  }
  if (draft.host === undefined && draft.minorVersion === 1)
    return refusals.malformedRequest('it has no Host header');
  if (isAbsolute) draft.host = named;
  return undefined;
}

type Reader = (draft: Draft, value: string) => Refusal | undefined;

const readers: Readonly<Record<string, Reader>> = {
  host: (draft, value) => {
    if (draft.host !== undefined) return refusals.malformedRequest('it has more than one Host header');
    if (!/^[A-Za-z0-9._~:[\]-]*$/.test(value))
      return refusals.malformedRequest('its Host header names no host');
    draft.host = value;
    return undefined;
  },
  'content-length': (draft, value) => {
    if (draft.contentLength !== undefined)
      return refusals.malformedRequest('it has more than one Content-Length');
    if (!/^[0-9]{1,15}$/.test(value)) return refusals.malformedRequest('its Content-Length is no number');
    draft.contentLength = Number(value);
    return undefined;
  },
  'transfer-encoding': (draft, value) => {
    if (draft.chunked) return refusals.malformedRequest('it has more than one Transfer-Encoding');
    draft.chunked = true;
    const codings = value.toLowerCase().split(',');
    // RFC 9112 §6.3: where chunked is not the last coding, nobody can tell where the body ends.
    if (codings.at(-1)?.trim() !== 'chunked')
      return refusals.malformedRequest('its Transfer-Encoding does not end in chunked');
    return codings.length === 1 ? undefined : refusals.unsupportedTransferCoding;
  },
  connection: (draft, value) => {
    for (const part of value.split(',')) {
      const option = part.trim().toLowerCase();
      if (option === 'close') draft.close = true;
      else if (option === 'keep-alive') draft.persist = true;
      else if (option !== '') draft.nominated = [...draft.nominated, option];
    }
    return undefined;
  },
  expect: (draft, value) => {
    draft.expect = value.toLowerCase();
    return draft.expect === '100-continue' ? undefined : refusals.expectationFailed;
  },
  upgrade: (draft, value) => {
    draft.upgrade = value.toLowerCase();
    return undefined;
  },
  authorization: (draft, value) => {
    if (draft.authorization !== undefined) {
      return refusals.malformedRequest('it has more than one Authorization header');
    }
    draft.authorization = value;
    return undefined;
  },
  'x-request-id': (draft, value) => {
    draft.requestId ??= value;
    return undefined;
  },
};

/** Lengths of the names that matter here, by which most headers are passed without a closer look. */
const matters = new Uint8Array(256);
for (const name of Object.keys(readers)) matters[name.length] = 1;

function headOf(draft: Draft): RequestHead | Refusal {
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
    host: draft.host ?? '',
    contentLength: chunked ? undefined : (contentLength ?? 0),
    keepAlive: !close && (minorVersion === 1 || persist),
    nominated: draft.nominated,
    expectsContinue: draft.expect !== undefined && minorVersion === 1,
    upgrade: draft.upgrade,
    authorization: draft.authorization,
    requestId: draft.requestId,
  };
}
