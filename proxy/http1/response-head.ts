/** Owns the head of an HTTP/1.1 answer: its status, its headers as sent, and what they say about the body's end. */
import { AppError } from '../../platform/errors.ts';
import { areAll, tokenCharacters, trimmed, valueCharacters } from './characters.ts';

export interface ResponseHead {
  readonly status: number;
  readonly reason: string;
  /** Raw name/value pairs in order, names as they were sent, without those that belong to one hop only. */
  readonly headers: string[];
  readonly chunked: boolean;
  readonly contentLength: number | undefined;
  /** Whether the connection may carry another request after this answer. */
  readonly keepAlive: boolean;
  /** In lower case: the protocol that is spoken from here on, in an answer that switches (101). */
  readonly upgrade: string | undefined;
  /** How long the other side says it keeps an idle connection open. */
  readonly idleTimeoutMs: number | undefined;
  /** The answer is whole with its head (HTTP/2). */
  readonly endsHere?: boolean;
}

const statusLine = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
const maxHeaders = 200;

const otherHopHeaders = new Set(['te', 'trailer', 'proxy-connection', 'proxy-authenticate']);

/** Lengths of the names that matter here, by which most headers are passed without a closer look. */
const framingLengths = new Uint8Array(256);
for (const name of [
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'upgrade',
  ...otherHopHeaders,
]) {
  framingLengths[name.length] = 1;
}

interface Draft {
  status: number;
  reason: string;
  headers: string[];
  chunked: boolean;
  contentLength: number | undefined;
  keepAlive: boolean;
  upgrade: string | undefined;
  idleTimeoutMs: number | undefined;
  /** Header names that `Connection` nominates. */
  nominated: string[] | undefined;
}

/**
 * Returns the head that `text` (up to, and without, the empty line; latin1) says. Headers of one hop (Connection and
 * what it nominates, Keep-Alive, Proxy-*, TE, Trailer, Transfer-Encoding, Upgrade) are read and left out.
 *
 * @throws AppError `UPSTREAM_MALFORMED` naming what is wrong.
 */
export function parseResponseHead(text: string): ResponseHead {
  let lineEnd = text.indexOf('\r\n');
  const first = lineEnd === -1 ? text : text.slice(0, lineEnd);
  const match = statusLine.exec(first);
  if (match === null) throw malformed('its first line is no status line');
  const draft: Draft = {
    status: Number(match[2]),
    reason: match[3] ?? '',
    headers: [],
    chunked: false,
    contentLength: undefined,
    keepAlive: match[1] === '1',
    upgrade: undefined,
    idleTimeoutMs: undefined,
    nominated: undefined,
  };
  while (lineEnd !== -1) {
    const start = lineEnd + 2;
    lineEnd = text.indexOf('\r\n', start);
    readHeader(draft, lineEnd === -1 ? text.slice(start) : text.slice(start, lineEnd));
  }
  if (draft.chunked && draft.contentLength !== undefined) {
    throw malformed('it has both Transfer-Encoding and Content-Length');
  }
  const { nominated } = draft;
  if (nominated !== undefined) draft.headers = withoutNames(draft.headers, nominated);
  return draft;
}

function readHeader(draft: Draft, line: string): void {
  const colon = line.indexOf(':');
  if (colon < 1 || !areAll(tokenCharacters, line, colon)) throw malformed('a header has no proper name');
  const name = line.slice(0, colon);
  const value = trimmed(line, colon + 1);
  if (!areAll(valueCharacters, value)) throw malformed('a header value holds a control character');
  if (draft.headers.length >= 2 * maxHeaders) throw malformed(`it has more than ${maxHeaders} headers`);
  if (!isOfOneHop(draft, name, value)) draft.headers.push(name, value);
}

/** Reads what the header says about this hop; returns whether it must not travel further. */
function isOfOneHop(draft: Draft, name: string, value: string): boolean {
  if (framingLengths[name.length] !== 1) return false;
  const lower = name.toLowerCase();
  switch (lower) {
    case 'content-length':
      readLength(draft, value);
      return false;
    case 'transfer-encoding':
      readTransferEncoding(draft, value);
      return true;
    case 'connection':
      readConnection(draft, value);
      return true;
    case 'keep-alive':
      readKeepAlive(draft, value);
      return true;
    case 'upgrade':
      draft.upgrade = value.toLowerCase();
      return true;
    default:
      return otherHopHeaders.has(lower);
  }
}

function readTransferEncoding(draft: Draft, value: string): void {
  if (draft.chunked || value.toLowerCase() !== 'chunked') {
    throw malformed('its Transfer-Encoding is not chunked alone');
  }
  draft.chunked = true;
}

function readConnection(draft: Draft, value: string): void {
  for (const part of value.split(',')) {
    const option = trimmed(part, 0).toLowerCase();
    if (option === 'close') draft.keepAlive = false;
    else if (option !== 'keep-alive' && option !== '') (draft.nominated ??= []).push(option);
  }
}

function readKeepAlive(draft: Draft, value: string): void {
  const seconds = /(?:^|,)\s*timeout=([0-9]{1,6})\s*(?:,|$)/i.exec(value)?.[1];
  if (seconds !== undefined) draft.idleTimeoutMs = Number(seconds) * 1000;
}

function readLength(draft: Draft, value: string): void {
  if (!/^[0-9]{1,15}$/.test(value)) throw malformed('its Content-Length is no number');
  if (draft.contentLength !== undefined) throw malformed('it has more than one Content-Length');
  draft.contentLength = Number(value);
}

function withoutNames(headers: readonly string[], names: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? '';
    if (!names.includes(name.toLowerCase())) kept.push(name, headers[index + 1] ?? '');
  }
  return kept;
}

function malformed(what: string): AppError {
  return new AppError('UPSTREAM_MALFORMED', `the answer of the upstream is no HTTP/1.1: ${what}`);
}
