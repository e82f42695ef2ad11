/** Owns the rows of the payload and usage logs: their columns, by the names that the original's tables have (rest-contract §5.1, §5.2). */
import { RequestReader } from '../usage/request-reader.ts';
import type { Usage } from '../usage/token-usage.ts';
import { joinStream } from './join-stream.ts';

/** Longer payloads are not logged. */
export const maxPayloadBytes = 1024 * 1024;

/** What is said of a request whichever log it is for. */
export interface RowFacts {
  readonly requestId: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly status: number;
  /** Who answered; undefined: nobody did. */
  readonly servedEntity: string | undefined;
  /** Undefined where it is not known. */
  readonly requester: string | undefined;
}

/** What was kept of a body. */
export interface Payload {
  readonly chunks: readonly Buffer[];
  /** It is longer than what is kept: nothing is. */
  readonly isTooLong: boolean;
  /** It came to its end. */
  readonly isWhole: boolean;
}

export interface PayloadFacts extends RowFacts {
  readonly samplingFraction: number;
  readonly durationMs: number;
  readonly request: Payload;
  readonly response: Payload;
  /** The answer is a stream of server-sent events. */
  readonly isStream: boolean;
}

/** Returns the row of a payload log as JSON. */
export function makePayloadRow(facts: PayloadFacts): string {
  const { request, response } = facts;
  const asked = textOf(request);
  const answered = textOf(response);
  const time = new Date(facts.at).toISOString();
  return JSON.stringify({
    databricks_request_id: facts.requestId,
    request_date: time.slice(0, 10),
    client_request_id: clientRequestIdOf(request.chunks) ?? null,
    request_time: time,
    status_code: facts.status,
    sampling_fraction: facts.samplingFraction,
    execution_duration_ms: Math.round(facts.durationMs),
    request: asked ?? null,
    response: (facts.isStream && answered !== undefined ? joinStream(answered) : answered) ?? null,
    logging_error_codes: errorCodesOf(facts, asked, answered),
    served_entity_id: facts.servedEntity ?? null,
    requester: facts.requester ?? null,
  });
}

/** Returns the row of a usage log as JSON. */
export function makeUsageRow(
  facts: RowFacts & {
    readonly namespace: string;
    readonly clientRequestId: string | undefined;
    readonly isStream: boolean;
    readonly usage: Usage | undefined;
  },
): string {
  const { usage } = facts;
  return JSON.stringify({
    request_time: new Date(facts.at).toISOString(),
    status_code: facts.status,
    requester: facts.requester ?? null,
    databricks_request_id: facts.requestId,
    client_request_id: facts.clientRequestId ?? null,
    served_entity_id: facts.servedEntity ?? null,
    workspace_id: facts.namespace,
    input_token_count: usage?.inputTokens ?? null,
    output_token_count: usage?.outputTokens ?? null,
    token_counts_estimated: usage?.estimated ?? false,
    request_streaming: facts.isStream,
  });
}

const clientIdKey = '"client_request_id"';

/** Returns the id that the caller gave the request in its body. */
export function clientRequestIdOf(chunks: readonly Buffer[]): string | undefined {
  const body = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
  // Most bodies hold none, and looking for its name costs less than reading.
  if (body?.includes(clientIdKey) !== true) return undefined;
  const reader = new RequestReader();
  reader.feed(body);
  return reader.clientRequestId;
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Returns the text; undefined where there is none, or nothing that can be read. */
function textOf({ chunks, isTooLong }: Payload): string | undefined {
  if (isTooLong || chunks.length === 0) return undefined;
  try {
    return strictUtf8.decode(Buffer.concat(chunks));
  } catch {
    // No UTF-8: compressed, or a picture.
    return undefined;
  }
}

/** The first two are the original's; the others are ours, for what would be missing without a word. */
function errorCodesOf(
  { request, response }: PayloadFacts,
  asked: string | undefined,
  answered: string | undefined,
): string[] {
  const isBinary = ({ chunks, isTooLong }: Payload, text: string | undefined): boolean =>
    chunks.length > 0 && !isTooLong && text === undefined;
  const codes: readonly (readonly [string, boolean])[] = [
    ['MAX_REQUEST_SIZE_EXCEEDED', request.isTooLong],
    ['MAX_RESPONSE_SIZE_EXCEEDED', response.isTooLong],
    ['REQUEST_NOT_TEXT', isBinary(request, asked)],
    ['RESPONSE_NOT_TEXT', isBinary(response, answered)],
    ['REQUEST_INCOMPLETE', !request.isWhole],
    ['RESPONSE_INCOMPLETE', !response.isWhole],
  ];
  return codes.filter(([, applies]) => applies).map(([code]) => code);
}
