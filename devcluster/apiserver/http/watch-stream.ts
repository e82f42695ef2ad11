/** Owns watches over HTTP: one JSON event per line, bookmarks, and an end by the client, the clock or the history. */
import type { ServerResponse } from 'node:http';
import { statusOf } from '../errors/api-error.ts';
import type { WatchEvent } from '../client/local-client.ts';
import { makeMatcher, parseVersion } from '../pipeline/read.ts';
import type { Selection } from '../pipeline/read.ts';
import type { Core } from '../pipeline/request-context.ts';
import { watchAll, watchFrom } from '../pipeline/watch.ts';
import type { ResourceType } from '../resources/resource-type.ts';
import { groupVersionOf } from '../resources/resource-type.ts';
import type { StoreSubscription } from '../storage/object-store.ts';
import { singleText } from './forms.ts';
import type { FormOptions } from './forms.ts';

/** A client that does not read is cut off before its backlog fills the memory; it lists and watches again. */
const maxBufferedBytes = 16 * 1024 * 1024;
const bookmarkMs = 60_000;
const defaultTimeoutSeconds = 1_800;
/** Timers cannot wait for longer: one that should would ring at once. */
const longestTimeoutSeconds = 2_147_483;

export interface WatchStreamOptions {
  readonly core: Core;
  readonly type: ResourceType;
  readonly selection: Selection;
  readonly query: URLSearchParams;
  readonly form: Pick<FormOptions, 'form' | 'includeObject'>;
}

/**
 * Streams events until the client leaves, `timeoutSeconds` pass, or the history is too short (an ERROR event of 410).
 *
 * @throws ApiError 400 before anything is written.
 */
export function serveWatch(response: ServerResponse, options: WatchStreamOptions): void {
  const { core, type, query } = options;
  const matches = makeMatcher(type, options.selection);
  const resourceVersion = query.get('resourceVersion') ?? '';
  const fromStart = resourceVersion === '' || resourceVersion === '0';
  const version = fromStart ? 0 : parseVersion(resourceVersion);
  const wantedSeconds = Number(query.get('timeoutSeconds') ?? defaultTimeoutSeconds) || defaultTimeoutSeconds;
  const timeoutSeconds = Math.min(wantedSeconds, longestTimeoutSeconds);
  response.writeHead(200, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' });
  response.flushHeaders();
  const stream = makeEventWriter(response, options);
  let subscription: StoreSubscription;
  try {
    if (query.get('sendInitialEvents') === 'true') {
      const initial = watchAll(core.store, type, matches, stream.send);
      stream.bookmark(initial.version, { 'k8s.io/initial-events-end': 'true' });
      subscription = initial;
    } else if (fromStart) subscription = watchAll(core.store, type, matches, stream.send);
    else subscription = watchFrom(core.store, type, { version, matches }, stream.send);
  } catch (error) {
    stream.fail(error);
    return;
  }
  stream.begin();
  const wantsBookmarks = query.get('allowWatchBookmarks') === 'true';
  const bookmarks = setInterval(() => {
    if (wantsBookmarks) stream.bookmark(core.store.version);
  }, bookmarkMs);
  const end = setTimeout(() => {
    if (wantsBookmarks) stream.bookmark(core.store.version);
    response.end();
  }, timeoutSeconds * 1_000);
  response.once('close', () => {
    subscription.stop();
    clearInterval(bookmarks);
    clearTimeout(end);
  });
}

interface EventWriter {
  /** Ends the initial events: from here on a backlog is the client's fault. */
  readonly begin: () => void;
  readonly send: (event: WatchEvent) => void;
  readonly bookmark: (version: number, annotations?: Record<string, string>) => void;
  readonly fail: (error: unknown) => void;
}

function makeEventWriter(response: ServerResponse, options: WatchStreamOptions): EventWriter {
  const { core, type, form } = options;
  // What there is at the beginning comes all at once, however much it is; the client can only read it afterwards.
  let limit = Number.POSITIVE_INFINITY;
  const write = (eventType: string, objectText: string): void => {
    if (response.writableEnded || response.destroyed) return;
    response.write(`{"type":"${eventType}","object":${objectText}}\n`);
    if (response.writableLength > limit) response.destroy();
  };
  return {
    begin: () => {
      limit = response.writableLength + maxBufferedBytes;
    },
    send: (event) => {
      write(event.type, singleText(type, event.object, { ...form, now: core.clock.now() }));
    },
    bookmark: (version, annotations) => {
      const metadata = {
        resourceVersion: String(version),
        creationTimestamp: null,
        ...(annotations === undefined ? {} : { annotations }),
      };
      write('BOOKMARK', JSON.stringify({ kind: type.kind, apiVersion: groupVersionOf(type), metadata }));
    },
    fail: (error) => {
      write('ERROR', JSON.stringify(statusOf(error).body));
      response.end();
    },
  };
}
