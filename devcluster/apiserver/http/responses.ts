/** Owns how answers are written. */
import type { ServerResponse } from 'node:http';
import { statusOf } from '../errors/api-error.ts';
import type { KubeObject } from '../objects/kube-object.ts';

const texts = new WeakMap<KubeObject, string>();

/** Returns an object as JSON; a stored object, which never changes, is written once for all its watches. */
export function objectText(object: KubeObject): string {
  let text = texts.get(object);
  if (text === undefined) {
    text = JSON.stringify(object);
    if (Object.isFrozen(object)) texts.set(object, text);
  }
  return text;
}

export function sendText(
  response: ServerResponse,
  code: number,
  text: string,
  contentType = 'application/json',
): void {
  response.writeHead(code, { 'content-type': contentType, 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

export function sendJson(response: ServerResponse, code: number, body: unknown): void {
  sendText(response, code, JSON.stringify(body));
}

/** Answers with the `Status` of what was thrown; once an answer has begun, all that is left is to cut it. */
export function sendError(response: ServerResponse, thrown: unknown): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { code, body } = statusOf(thrown);
  const { details } = body as { details?: { retryAfterSeconds?: number } };
  const retryAfter = details?.retryAfterSeconds;
  if (retryAfter !== undefined) response.setHeader('retry-after', String(retryAfter));
  if (code === 401) response.setHeader('www-authenticate', 'Bearer realm="kubernetes"');
  sendJson(response, code, body);
}

/** Announces texts for the person behind the client, as `Warning: 299` headers. */
export function setWarnings(response: ServerResponse, warnings: readonly string[]): void {
  if (warnings.length === 0) return;
  response.setHeader(
    'warning',
    warnings.map((text) => `299 - ${headerText(JSON.stringify(text))}`),
  );
}

/** Returns text as the UTF-8 that clients read, in the form in which Node puts bytes beyond ASCII into a header. */
const headerText = (text: string): string =>
  Buffer.from(text.replaceAll('\x7f', ''), 'utf8').toString('latin1');
