/**
 * Owns what an answer tells of its usage, read as it passes: whole documents and streams of OpenAI's chat, completions,
 * embeddings and responses, and MLflow's answers that carry `usage` (rest-contract §3.3, §3.4).
 */
import { JsonKeys } from './json-keys.ts';
import { JsonScanner } from './json-scanner.ts';
import type { JsonPath, JsonReader } from './json-scanner.ts';
import type { Interest } from './json-string.ts';
import { SseData } from './sse-data.ts';
import { answerTextOf, textNames } from './texts.ts';
import type { ToldUsage } from './token-usage.ts';

export type AnswerFormat = 'json' | 'events';

const fieldOf: Readonly<Record<string, keyof ToldUsage>> = {
  prompt_tokens: 'input',
  input_tokens: 'input',
  completion_tokens: 'output',
  output_tokens: 'output',
  total_tokens: 'total',
};

const names = new JsonKeys([...textNames, ...Object.keys(fieldOf), 'usage', 'response', 'message']);

const nothing = (): ToldUsage => ({ input: undefined, output: undefined, total: undefined });

export class AnswerReader implements JsonReader {
  /** What the answer has told so far; in a stream that tells it again and again, the newest counts. */
  readonly told = nothing();
  readonly #scanner = new JsonScanner(this, names);
  readonly #events: SseData | undefined;
  /** What the document that is being read tells. */
  #current = nothing();
  #characters = 0;
  /** Of texts that a stream repeats whole at their end. */
  #repeated = 0;

  constructor(format: AnswerFormat) {
    if (format === 'json') return;
    this.#events = new SseData({
      // Some servers leave out the empty line between two events.
      onLine: () => {
        if (this.#scanner.isWhole) this.#endDocument();
      },
      onData: (bytes, from, to) => this.#scanner.feed(bytes, from, to),
      onEvent: () => this.#endDocument(),
    });
  }

  /** Characters of the texts that the model has written so far. */
  get characters(): number {
    return this.#characters > 0 ? this.#characters : this.#repeated;
  }

  feed(bytes: Uint8Array): void {
    if (this.#events === undefined) this.#scanner.feed(bytes);
    else this.#events.feed(bytes);
  }

  /** Nothing more comes, whether the answer is whole or not. */
  end(): void {
    this.#endDocument();
  }

  interestIn(): Interest {
    return 'count';
  }

  onString(path: JsonPath, characters: number): void {
    const text = answerTextOf(path);
    if (text === 'new') this.#characters += characters;
    else if (text === 'repeated') this.#repeated += characters;
  }

  wantsNumber({ depth, keys }: JsonPath): boolean {
    return depth >= 2 && keys[depth - 2] === 'usage' && isUsagePlace(keys, depth);
  }

  onNumber({ depth, keys }: JsonPath, value: number): void {
    const field = fieldOf[keys[depth - 1] ?? ''];
    if (field === undefined || !Number.isSafeInteger(value) || value < 0) return;
    // An answer to several questions at once tells the usage of each.
    const before = keys[1] === '[]' ? (this.#current[field] ?? 0) : 0;
    this.#current[field] = before + value;
  }

  #endDocument(): void {
    const { told } = this;
    const { input, output, total } = this.#current;
    told.input = input ?? told.input;
    told.output = output ?? told.output;
    told.total = total ?? told.total;
    this.#current = nothing();
    this.#scanner.reset();
  }
}

/** `usage`, `response.usage`, `message.usage`, `predictions.usage`, `predictions[].usage`. */
function isUsagePlace(keys: readonly string[], depth: number): boolean {
  const [first] = keys;
  if (depth === 2) return true;
  if (depth === 3) return first === 'response' || first === 'predictions' || first === 'message';
  return depth === 4 && first === 'predictions' && keys[1] === '[]';
}
