/** Owns what single headers of a request say about its framing, its connection and its caller, and when that is refused. */
import { refusals } from '../errors.ts';
import type { Refusal } from '../errors.ts';
import { trimmed } from './characters.ts';

const nobody: readonly string[] = [];

/** A head on its way; what may come once only is noticed the second time by being there already. */
export interface HeadDraft {
  method: string;
  target: string;
  minorVersion: number;
  headers: string[];
  host: string | undefined;
  /** The host that the target names, where it is a URL: that counts, and not the header. */
  named: string | undefined;
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

/** Returns the draft of a head of which nothing is known yet. */
export const makeDraft = (): HeadDraft => ({
  method: '',
  target: '',
  minorVersion: 1,
  headers: [],
  host: undefined,
  named: undefined,
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

/**
 * Notes what the header says, where that matters here; returns why the request is refused for it.
 */
export function readField(draft: HeadDraft, name: string, value: string): Refusal | undefined {
  // By the length of its name most headers are passed without a closer look.
  if (matters[name.length] !== 1) return undefined;
  const lower = name.toLowerCase();
  const reader = readers.get(lower);
  if (reader !== undefined) return reader(draft, value);
  // Gateways in the manner of CGI (WSGI and others) take `Content_Length` for Content-Length: two hops, two readings.
  if (!lower.includes('_') || !readers.has(lower.replaceAll('_', '-'))) return undefined;
  return refusals.malformedRequest(`it has a header ${lower}, which some take for another one`);
}

type Reader = (draft: HeadDraft, value: string) => Refusal | undefined;

const readersByName: Readonly<Record<string, Reader>> = {
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
    if (trimmed(codings.at(-1) ?? '', 0) !== 'chunked')
      return refusals.malformedRequest('its Transfer-Encoding does not end in chunked');
    return codings.length === 1 ? undefined : refusals.unsupportedTransferCoding;
  },
  connection: (draft, value) => {
    for (const part of value.split(',')) {
      const option = trimmed(part, 0).toLowerCase();
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
    draft.upgrade =
      draft.upgrade === undefined ? value.toLowerCase() : `${draft.upgrade}, ${value.toLowerCase()}`;
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

const readers: ReadonlyMap<string, Reader> = new Map(Object.entries(readersByName));

const matters = new Uint8Array(256);
for (const name of readers.keys()) matters[name.length] = 1;
