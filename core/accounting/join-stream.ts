/** Owns making one answer of a stream of them, for logs: a stream is a row like any other answer (rest-contract §5.2). */

type Json = Record<string, unknown>;

/**
 * Returns the stream's answer as JSON: the chunks of a chat or completion joined to what the same request would have
 * got without streaming; of responses the last state, which the stream itself tells; of anything else a list of what
 * the events hold. What is no stream of events is returned as it is.
 */
export function joinStream(text: string): string {
  const events = eventsOf(text);
  if (events.length === 0) return text;
  const whole = responseOf(events);
  if (whole !== undefined) return JSON.stringify(whole);
  const isOfChoices = events.every(
    (event) => isObject(event) && (Array.isArray(event['choices']) || 'usage' in event),
  );
  return JSON.stringify(isOfChoices ? joinChoices(events as Json[]) : events);
}

/** Returns what each event holds: JSON where it is JSON. */
function eventsOf(text: string): unknown[] {
  return text
    .split(/\r\n\r\n|\n\n|\r\r/)
    .map((event) =>
      event
        .split(/\r\n|\n|\r/)
        .filter((line) => line.startsWith('data:'))
        .map((line) => line.slice('data:'.length).replace(/^ /, ''))
        .join('\n'),
    )
    .filter((data) => data !== '' && data !== '[DONE]')
    .map(parsed);
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data) as unknown;
  } catch {
    // Some servers send plain words; they are logged as such.
    return data;
  }
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** `response.completed` and its like hold the whole response. */
function responseOf(events: readonly unknown[]): unknown {
  const last = events.findLast((event) => isObject(event) && isObject(event['response']));
  return isObject(last) && typeof last['type'] === 'string' ? last['response'] : undefined;
}

function joinChoices(chunks: readonly Json[]): Json {
  const joined: Json = {};
  const choices = new Map<number, Json>();
  for (const chunk of chunks) {
    for (const [key, value] of Object.entries(chunk))
      if (key !== 'choices' && value !== null) joined[key] = value;
    for (const choice of (chunk['choices'] ?? []) as unknown[]) {
      if (isObject(choice)) addChoice(choices, choice);
    }
  }
  const { object } = joined;
  if (object === 'chat.completion.chunk') joined['object'] = 'chat.completion';
  return { ...joined, choices: [...choices.values()] };
}

function addChoice(choices: Map<number, Json>, { delta, index, ...rest }: Json): void {
  const at = typeof index === 'number' ? index : 0;
  const before = choices.get(at) ?? { index: at };
  const merged = merge(before, rest) as Json;
  choices.set(at, isObject(delta) ? { ...merged, message: merge(before['message'], delta) } : merged);
}

/** Texts are continued, lists of numbered parts are joined by their number, other lists are appended, the rest is replaced. */
function merge(before: unknown, after: unknown): unknown {
  if (after === null || after === undefined) return before ?? after;
  if (typeof before === 'string' && typeof after === 'string') return before + after;
  if (Array.isArray(before) && Array.isArray(after)) return mergeLists(before, after);
  return isObject(before) && isObject(after) ? mergeObjects(before, after) : after;
}

function mergeObjects(before: Json, after: Json): Json {
  const merged: Json = { ...before };
  for (const [key, value] of Object.entries(after)) {
    merged[key] = isSaidOnce(key) ? (value ?? merged[key]) : merge(merged[key], value);
  }
  return merged;
}

/** Fields whose text is not continued although chunks may repeat it. */
const isSaidOnce = (key: string): boolean =>
  ['id', 'type', 'role', 'object', 'model', 'finish_reason', 'index'].includes(key);

function mergeLists(before: readonly unknown[], after: readonly unknown[]): unknown[] {
  const merged = [...before];
  for (const part of after) {
    const at = merged.findIndex(
      (known) => isObject(known) && isObject(part) && known['index'] === part['index'],
    );
    if (at === -1 || !isObject(part) || part['index'] === undefined) merged.push(part);
    else merged[at] = merge(merged[at], part);
  }
  return merged;
}
