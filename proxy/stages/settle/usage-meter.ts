/** Owns what one exchange has used: read from its answer as that passes, and estimated from its texts where nobody tells. */
import { AnswerReader } from '../../../core/usage/answer-reader.ts';
import type { AnswerFormat } from '../../../core/usage/answer-reader.ts';
import { RequestReader } from '../../../core/usage/request-reader.ts';
import { usageOf } from '../../../core/usage/token-usage.ts';
import type { TextLengths, Usage } from '../../../core/usage/token-usage.ts';
import type { AnswerTap, Exchange, RequestTap } from '../../exchange.ts';
import { headerOf } from '../../http1/header-of.ts';

export class UsageMeter implements AnswerTap, RequestTap {
  readonly #languageModels: readonly string[];
  #request: RequestReader | undefined;
  #answer: AnswerReader | undefined;
  isStream = false;

  /** Of the entities `languageModels` usage is estimated where nobody tells it. */
  constructor(languageModels: readonly string[]) {
    this.#languageModels = languageModels;
  }

  onRequestChunk(chunk: Buffer): void {
    this.#request ??= new RequestReader();
    this.#request.feed(chunk);
  }

  onHead(status: number, headers: readonly string[]): void {
    const format = status < 400 ? formatOf(headers) : undefined;
    this.isStream = format === 'events';
    this.#answer = format === undefined ? undefined : new AnswerReader(format);
  }

  onChunk(chunk: Buffer): void {
    this.#answer?.feed(chunk);
  }

  onEnd(): void {
    // How much of the answer has passed makes no difference: what was used up to there counts.
  }

  /** Returns the usage; undefined where there was no answer that tells any. */
  read(exchange: Exchange): Usage | undefined {
    const answer = this.#answer;
    if (answer === undefined) return undefined;
    answer.end();
    return usageOf(answer.told, () => this.#textsOf(exchange, answer));
  }

  #textsOf({ body, caller, servedEntity }: Exchange, answer: AnswerReader): TextLengths | undefined {
    // The entity that has answered, which may be a fallback of the one that was asked first.
    if (!this.#languageModels.includes(servedEntity) || isEncoded(caller.head.headers)) return undefined;
    if (body !== undefined && this.#request === undefined) this.onRequestChunk(body);
    return { input: this.#request?.characters ?? 0, output: answer.characters };
  }
}

/** Returns how an answer is read; undefined where it cannot be. */
function formatOf(headers: readonly string[]): AnswerFormat | undefined {
  if (isEncoded(headers)) return undefined;
  const type = headerOf(headers, 'content-type')?.toLowerCase() ?? '';
  if (type.startsWith('text/event-stream')) return 'events';
  return type.startsWith('application/json') ? 'json' : undefined;
}

function isEncoded(headers: readonly string[]): boolean {
  const encoding = headerOf(headers, 'content-encoding');
  return encoding !== undefined && encoding !== '' && encoding.toLowerCase() !== 'identity';
}
