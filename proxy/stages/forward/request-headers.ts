/** Owns which headers of a request travel on to the next hop (RFC 9110 §7.6.1), and which are ours to set. */

const stopsHere = new Set([
  'te',
  'host',
  'cookie',
  'expect',
  'trailer',
  'upgrade',
  'connection',
  'keep-alive',
  'x-request-id',
  'authorization',
  'content-length',
  'proxy-connection',
  'transfer-encoding',
  'proxy-authorization',
]);
/** With the underscores, too, that some servers take for hyphens. */
const ownWords = /^x[-_]fairlead[-_]/i;

const letterX = 0x78;

/** Lengths of names that may have to stop, by which most names are let through unseen. */
const suspectLengths = new Uint8Array(256);
for (const name of stopsHere) suspectLengths[name.length] = 1;

/**
 * Appends to `out` the raw pairs of `raw` that travel on: not those of one hop, nor those that the header Connection
 * has `nominated` (in lower case), nor the caller's credentials, which are the gateway's to read and nobody else's, nor words
 * that only a proxy of ours may speak.
 */
export function pushTravellingHeaders(
  raw: readonly string[],
  nominated: readonly string[],
  out: string[],
): void {
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? '';
    if (travels(name, nominated)) out.push(name, raw[index + 1] ?? '');
  }
}

function travels(name: string, nominated: readonly string[]): boolean {
  const { length } = name;
  if (suspectLengths[length] === 1 && stopsHere.has(name.toLowerCase())) return false;
  if ((name.charCodeAt(0) | 0x20) === letterX && ownWords.test(name)) return false;
  return nominated.length === 0 || !nominated.includes(name.toLowerCase());
}
