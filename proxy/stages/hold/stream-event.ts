/** Owns answers as events of a stream that has begun already (SSE): only lines of data, which every client reads. */

/** Returns `text` as one event. */
export function makeDataEvent(text: string): Buffer {
  const lines = text.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return Buffer.from(`${lines.join('')}\n`);
}

/**
 * Returns an answer that says no as the event that clients of OpenAI and MLflow raise: `error` with message, type and
 * code. The HTTP status that it would have had is in `status`. `reason` is why a proxy says no; empty: the model does.
 */
export function makeFailureEvent(status: number, reason: string, body: string): Buffer {
  const said = parse(body);
  const message =
    textOf(said['message']) ?? textOf(nested(said)['message']) ?? (body === '' ? `status ${status}` : body);
  const code = textOf(said['error_code']) ?? textOf(nested(said)['code']) ?? String(status);
  const type = reason === '' ? (textOf(nested(said)['type']) ?? 'model_error') : reason;
  return makeDataEvent(JSON.stringify({ error: { message, type, param: null, code, status } }));
}

type Json = Readonly<Record<string, unknown>>;
const nothing: Json = {};

function parse(body: string): Json {
  try {
    return objectOf(JSON.parse(body));
  } catch {
    // Errors need not be JSON; then the text is the message.
    return nothing;
  }
}

const nested = (said: Json): Json => objectOf(said['error']);
const objectOf = (value: unknown): Json =>
  typeof value === 'object' && value !== null ? (value as Json) : nothing;
const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
