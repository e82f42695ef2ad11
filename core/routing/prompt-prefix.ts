/** Owns what of a request tells which replica has its beginning in the cache: the model it names and its first words. */
import { xxhash32 } from './xxhash32.ts';

/** Long enough to tell conversations apart, short enough that all turns of one have it in common. */
const prefixCharacters = 100;

/**
 * Returns the hash of model (or adapter) and the first 100 characters of the first user message; undefined where the
 * body is no prompt. Understands chats (`messages`), completions (`prompt`) and responses (`input`), as OpenAI has them.
 */
export function promptPrefixHash(body: string): number | undefined {
  const request = parseObject(body);
  if (request === undefined) return undefined;
  const text =
    firstUserText(request['messages']) ?? textOf(request['prompt']) ?? firstUserText(request['input']);
  if (text === undefined || text === '') return undefined;
  const model = typeof request['model'] === 'string' ? request['model'] : '';
  return xxhash32(`${model}\n${text.slice(0, prefixCharacters)}`);
}

type Json = Readonly<Record<string, unknown>>;

function parseObject(body: string): Json | undefined {
  // What is no JSON is the model's to refuse.
  if (!/^\s*\{/.test(body)) return undefined;
  try {
    return asObject(JSON.parse(body));
  } catch {
    return undefined;
  }
}

const asObject = (value: unknown): Json | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;

/** A list of messages, or a text alone. */
function firstUserText(messages: unknown): string | undefined {
  if (!Array.isArray(messages)) return textOf(messages);
  const first = messages.map(asObject).find((message) => message?.['role'] === 'user');
  return first === undefined ? undefined : textOf(first['content']);
}

/** A text, or a list of texts or parts of which one is a text. */
function textOf(content: unknown): string | undefined {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return undefined;
  for (const part of content as unknown[]) {
    const text = typeof part === 'string' ? part : asObject(part)?.['text'];
    if (typeof text === 'string') return text;
  }
  return undefined;
}
