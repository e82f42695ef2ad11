/** Owns the reading of a watch: bytes to lines within a bound, lines to events; nothing malformed is passed over. */
import { AppError } from '../platform/errors.ts';

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: Readonly<Record<string, unknown>>;
}

const eventTypes: ReadonlySet<unknown> = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']);
const newline = 0x0a;
/** etcd refuses objects beyond 1.5 MiB; escaping may double them. */
const defaultMaxLineBytes = 8 * 1024 * 1024;

/**
 * Yields the events of a watch's body one after the other. A line that the connection's end cut off is dropped: the
 * server will send that event again.
 *
 * @throws AppError `KUBE_WATCH_MALFORMED` at a line that is not an event, or longer than `maxLineBytes`.
 */
export async function* readWatchEvents(
  body: AsyncIterable<Uint8Array>,
  maxLineBytes = defaultMaxLineBytes,
): AsyncGenerator<WatchEvent> {
  for await (const line of readLines(body, maxLineBytes)) {
    if (line.trim() !== '') yield parseWatchEvent(line);
  }
}

async function* readLines(body: AsyncIterable<Uint8Array>, maxLineBytes: number): AsyncGenerator<string> {
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  const keep = (part: Uint8Array): void => {
    pending.push(part);
    pendingBytes += part.length;
    if (pendingBytes > maxLineBytes) throw malformed(`a line is longer than ${maxLineBytes} bytes`);
  };
  for await (const chunk of body) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end !== -1; end = chunk.indexOf(newline, start)) {
      keep(chunk.subarray(start, end));
      yield Buffer.concat(pending).toString('utf8');
      pending = [];
      pendingBytes = 0;
      start = end + 1;
    }
    keep(chunk.subarray(start));
  }
}

function parseWatchEvent(line: string): WatchEvent {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch (error) {
    throw malformed('a line is not JSON', error);
  }
  if (!isEvent(parsed)) throw malformed('a line is JSON but not an event');
  return parsed;
}

function isEvent(value: unknown): value is WatchEvent {
  if (typeof value !== 'object' || value === null) return false;
  const { type, object } = value as Partial<WatchEvent>;
  return eventTypes.has(type) && typeof object === 'object' && (object as unknown) !== null;
}

const malformed = (why: string, cause?: unknown): AppError =>
  new AppError(
    'KUBE_WATCH_MALFORMED',
    `the watch cannot be understood: ${why}; check that no proxy stands in between`,
    {
      retryable: true,
      cause,
    },
  );
