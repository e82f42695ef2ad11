/** Owns the answers of a scripted collection: pages of a list, and watches that say their lines and then end somehow. */
import type { Pod } from '../kinds.ts';
import { json } from './fake-api-server.ts';
import type { Answer, Matcher } from './fake-api-server.ts';

export const isList: Matcher = ({ method, query }) => method === 'GET' && !query.has('watch');
export const isWatch: Matcher = ({ method, query }) =>
  method === 'GET' && query.has('watch') && !query.has('sendInitialEvents');

/** Returns a pod; its uid follows from name and `uid`, so that the same arguments mean the same pod. */
export const aPod = (name: string, resourceVersion: string, uid = `uid-of-${name}`): Pod => ({
  metadata: { name, namespace: 'team-a', uid, resourceVersion },
});

/** Answers a page of a list. */
export const page = (items: readonly unknown[], resourceVersion: string, continueToken?: string): Answer =>
  json({
    kind: 'PodList',
    apiVersion: 'v1',
    metadata: { resourceVersion, ...(continueToken === undefined ? {} : { continue: continueToken }) },
    items,
  });

export const added = (object: unknown): string => line('ADDED', object);
export const modified = (object: unknown): string => line('MODIFIED', object);
export const deleted = (object: unknown): string => line('DELETED', object);
export const bookmark = (resourceVersion: string): string =>
  line('BOOKMARK', { kind: 'Pod', apiVersion: 'v1', metadata: { resourceVersion } });
/** Ends the first objects of a watch that begins with everything. */
export const endOfInitial = (resourceVersion: string): string => {
  const annotations = { 'k8s.io/initial-events-end': 'true' };
  return line('BOOKMARK', { kind: 'Pod', apiVersion: 'v1', metadata: { resourceVersion, annotations } });
};
export const errorEvent = (code: number, reason: string): string =>
  line('ERROR', { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: 'scripted' });

const line = (type: string, object: unknown): string => `${JSON.stringify({ type, object })}\n`;

/**
 * Answers a watch: says `lines`, then `hold`s the connection open in silence, `end`s it as a server does whose
 * `timeoutSeconds` are over, or `cut`s it.
 */
export const watching =
  (lines: readonly string[], then: 'hold' | 'end' | 'cut' = 'hold', afterMs = 0): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    for (const text of lines) response.write(text);
    if (then === 'hold') return;
    setTimeout(() => (then === 'end' ? response.end() : response.destroy()), afterMs);
  };
