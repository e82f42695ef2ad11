/** Owns the times of log lines: where a log is to be read from, and lines with their times before them. */
import type { LogTime } from '../node-services.ts';

/** Returns where the pieces that were written at `since` (milliseconds since the epoch) or later begin. */
export function offsetSince(times: readonly LogTime[], since: number, end: number): number {
  return times.find(({ at }) => at >= since)?.offset ?? end;
}

/** Returns when the byte at `offset` was written. */
export function timeAt(times: readonly LogTime[], offset: number): number | undefined {
  return times.findLast((time) => time.offset <= offset)?.at;
}

/**
 * Returns the chunks of a log from `start` on with the time of each line before it, as `kubectl logs --timestamps`
 * shows them. A line is given out once it is whole, or the log has ended.
 */
export async function* withTimestamps(
  chunks: AsyncIterable<Buffer>,
  start: number,
  times: () => readonly LogTime[],
): AsyncGenerator<Buffer> {
  let offset = start;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const known = times();
    rest = Buffer.concat([rest, chunk]);
    const lines: Buffer[] = [];
    for (let end = rest.indexOf(0x0a); end !== -1; end = rest.indexOf(0x0a)) {
      lines.push(stampOf(known, offset), rest.subarray(0, end + 1));
      offset += end + 1;
      rest = rest.subarray(end + 1);
    }
    if (lines.length > 0) yield Buffer.concat(lines);
  }
  if (rest.length > 0) yield Buffer.concat([stampOf(times(), offset), rest]);
}

function stampOf(times: readonly LogTime[], offset: number): Buffer {
  const at = timeAt(times, offset) ?? 0;
  return Buffer.from(`${new Date(at).toISOString().replace('Z', '000000Z')} `);
}
