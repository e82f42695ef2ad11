/** Owns the key of a request that has to go where others with it went. */
import { headerOf } from '../../http1/header-of.ts';
import type { StickyKey } from '../../targets/endpoint-traffic.ts';

/** Returns the key in `headers` (raw pairs); undefined where there is none, or an empty one. */
export function stickyValueOf(headers: readonly string[], { from, name }: StickyKey): string | undefined {
  const key = from === 'header' ? headerOf(headers, name) : cookieOf(headers, name);
  return key === '' ? undefined : key;
}

/**
 * Names of cookies are told apart by case; of several with one name the first counts (RFC 6265 §5.4 sorts them so).
 * HTTP/2 may spread cookies over several headers (RFC 9113 §8.2.3).
 */
function cookieOf(headers: readonly string[], name: string): string | undefined {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() !== 'cookie') continue;
    for (const pair of (headers[index + 1] ?? '').split(';')) {
      const mark = pair.indexOf('=');
      if (mark !== -1 && pair.slice(0, mark).trim() === name) return pair.slice(mark + 1).trim();
    }
  }
  return undefined;
}
