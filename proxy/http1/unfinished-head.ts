/** Owns what can be said of a request head whose end has not come: that it never will be one. */
import { refusals } from '../errors.ts';
import type { Refusal } from '../errors.ts';
import { checkRequestLine } from './request-line.ts';

/**
 * Returns why the head that begins at `from` is refused before it is whole, looking at what came after `searched`:
 * lines that end with a bare LF, and first lines that are none (HTTP/0.9), would wait for an end that never comes.
 */
export function checkUnfinishedHead(bytes: Buffer, from: number, searched: number): Refusal | undefined {
  const lineFeed = bytes.indexOf(10, Math.max(from, searched));
  if (lineFeed === -1) return undefined;
  for (let index = lineFeed; index !== -1; index = bytes.indexOf(10, index + 1)) {
    if (index === from || bytes[index - 1] !== 13) {
      return refusals.malformedRequest('a line of it ends with LF alone');
    }
  }
  const isFirstLine = bytes.indexOf(10, from) === lineFeed;
  return isFirstLine ? checkRequestLine(bytes.toString('latin1', from, lineFeed - 1)) : undefined;
}
