/** Owns the headers that a sidecar puts on the model's answer, and those that a model may not speak itself. */
import type { Exchange } from '../exchange.ts';

const ownNames = new Set(['served-model-name', 'x-request-id']);
const ownPrefix = 'x-fairlead-';

/** Appends who answered and the request's id to raw pairs, in place of what the model said about that. */
export function pushAnswerHeaders(exchange: Exchange, headers: string[]): void {
  removeOwn(headers);
  headers.push('served-model-name', exchange.servedEntity, 'x-request-id', exchange.requestId);
}

function removeOwn(headers: string[]): void {
  let kept = 0;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? '';
    const lower = name.length > ownPrefix.length ? name.toLowerCase() : '';
    if (lower.startsWith(ownPrefix) || ownNames.has(lower)) continue;
    headers[kept] = name;
    headers[kept + 1] = headers[index + 1] ?? '';
    kept += 2;
  }
  headers.length = kept;
}
