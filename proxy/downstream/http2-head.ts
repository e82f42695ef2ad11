/**
 * Owns the head of an HTTP/2 request (RFC 9113 §8.3): read by the rules of HTTP/1.1 where they say the same, for it goes on
 * as HTTP/1.1, and what is no proper head there must not become one on the way.
 */
import { refusals } from '../errors.ts';
import type { Refusal } from '../errors.ts';
import { areAll, targetCharacters, tokenCharacters, valueCharacters } from '../http1/characters.ts';
import { makeDraft, readField } from '../http1/request-fields.ts';
import type { HeadDraft } from '../http1/request-fields.ts';
import type { RequestHead } from '../http1/request-head.ts';

const maxTargetBytes = 8 * 1024;
const maxMethodBytes = 32;
const pseudoHeaders: ReadonlySet<string> = new Set([':method', ':scheme', ':path', ':authority']);

/** Headers that say something about a connection, which is shared by many requests (RFC 9113 §8.2.2). */
const ofConnections: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

const maxHeaders = 128;
/** What each header counts beside its letters (RFC 9113 §10.5.1). */
const overheadBytes = 32;

/**
 * Returns the head that the raw pairs say, or why it is refused. `bodiless`: the stream has ended with it, so that there
 * is no body. `maxBytes` bounds its size; node heeds the bound only once the client has acknowledged it.
 */
export function parseHttp2Head(
  raw: readonly string[],
  bodiless: boolean,
  maxBytes: number,
): RequestHead | Refusal {
  const draft = makeDraft();
  const pseudo = new Map<string, string>();
  const bytes = raw.reduce((sum, text) => sum + text.length + overheadBytes / 2, 0);
  if (bytes > maxBytes || raw.length > 2 * maxHeaders) return refusals.headersTooLarge;
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const wrong = readPair(draft, pseudo, raw[index] ?? '', raw[index + 1] ?? '');
    if (wrong !== undefined) return wrong;
  }
  return readPseudoHeaders(draft, pseudo) ?? headOf(draft, bodiless);
}

/** Returns the head of a request of which nothing can be said; it is there to be answered. */
export const unreadableHead = (bodiless: boolean): RequestHead => ({
  method: '',
  target: '',
  minorVersion: 1,
  headers: [],
  host: '',
  contentLength: bodiless ? 0 : undefined,
  keepAlive: true,
  nominated: [],
  expectsContinue: false,
  upgrade: undefined,
  authorization: undefined,
  requestId: undefined,
});

function readPair(
  draft: HeadDraft,
  pseudo: Map<string, string>,
  name: string,
  value: string,
): Refusal | undefined {
  if (name.startsWith(':')) {
    if (!pseudoHeaders.has(name) || pseudo.has(name) || draft.headers.length > 0) {
      return refusals.malformedRequest(`its ${name} is unknown, or where it should not be`);
    }
    pseudo.set(name, value);
    return undefined;
  }
  if (!areAll(tokenCharacters, name) || name === '' || name !== name.toLowerCase()) {
    return refusals.malformedRequest('a header has no proper name');
  }
  if (!areAll(valueCharacters, value)) {
    return refusals.malformedRequest('a header value holds a control character');
  }
  if (ofConnections.has(name)) return refusals.malformedRequest(`it has a header ${name}`);
  if (name === 'te' && value.toLowerCase() !== 'trailers') {
    return refusals.malformedRequest('its TE says something else than trailers');
  }
  draft.headers.push(name, value);
  return readField(draft, name, value);
}

function readPseudoHeaders(draft: HeadDraft, pseudo: ReadonlyMap<string, string>): Refusal | undefined {
  const method = pseudo.get(':method') ?? '';
  const target = pseudo.get(':path') ?? '';
  const scheme = pseudo.get(':scheme')?.toLowerCase();
  if (!areAll(tokenCharacters, method) || method === '' || method.length > maxMethodBytes) {
    return refusals.malformedRequest('its method is none');
  }
  if (scheme !== 'http' && scheme !== 'https') return refusals.malformedRequest('its scheme is none of HTTP');
  if (target.length > maxTargetBytes) return refusals.targetTooLong;
  if (!target.startsWith('/') || !areAll(targetCharacters, target)) {
    return refusals.malformedRequest('its path is none, or holds a character that must be percent-encoded');
  }
  draft.method = method;
  draft.target = target;
  return readAuthority(draft, pseudo.get(':authority'));
}

/** Where both name a host, they have to name the same: somebody behind us may look at the other one. */
function readAuthority(draft: HeadDraft, authority: string | undefined): Refusal | undefined {
  const { host } = draft;
  if (authority === undefined) {
    return host === undefined ? refusals.malformedRequest('it names no host') : undefined;
  }
  draft.host = undefined;
  const wrong = readField(draft, 'host', authority);
  if (wrong !== undefined) return wrong;
  if (host === undefined || host.toLowerCase() === authority.toLowerCase()) return undefined;
  return refusals.malformedRequest('its :authority and its Host name different hosts');
}

function headOf(draft: HeadDraft, bodiless: boolean): RequestHead | Refusal {
  const { contentLength } = draft;
  if (bodiless && (contentLength ?? 0) > 0) {
    return refusals.malformedRequest('it has a Content-Length and no body');
  }
  return {
    method: draft.method,
    target: draft.target,
    minorVersion: 1,
    headers: draft.headers,
    host: draft.host ?? '',
    contentLength: bodiless ? 0 : contentLength,
    keepAlive: true,
    nominated: draft.nominated,
    expectsContinue: draft.expect !== undefined,
    upgrade: undefined,
    authorization: draft.authorization,
    requestId: draft.requestId,
  };
}
