/** Owns how many tokens a request is taken to need until it is known: by what it asks for, else by those before it. */

/** Tokens that a request is taken to need while nothing is known of any. */
const firstGuess = 256;
/** How much the newest request counts in the average. */
const weightOfNewest = 0.1;
/** A token stands for about four bytes of text (the original's own estimate). */
const bytesPerToken = 4;

/** What is known of the tokens that the requests of one endpoint need. */
export class TokenEstimate {
  #output = firstGuess;
  #total = firstGuess;

  /** Returns the tokens to reserve for a request; `body` where it is here already. At least 1. */
  of(body: Buffer | undefined): number {
    const asked = body === undefined ? undefined : askedTokens(body);
    if (asked === undefined) return Math.ceil(this.#total);
    return Math.max(1, asked.input + (asked.output ?? Math.ceil(this.#output)));
  }

  /** Learns what a request has used. */
  learn(usage: { readonly inputTokens: number; readonly outputTokens: number }): void {
    this.#output += (usage.outputTokens - this.#output) * weightOfNewest;
    this.#total += (usage.inputTokens + usage.outputTokens - this.#total) * weightOfNewest;
  }
}

interface AskedTokens {
  readonly input: number;
  /** Most that the answer may have; undefined: the request does not say. */
  readonly output: number | undefined;
}

/** The names that the OpenAI formats and MLflow's have for the bound on an answer, newest first. */
const outputBounds = ['max_completion_tokens', 'max_output_tokens', 'max_tokens'] as const;

/** Returns what a request to a language model asks for; undefined for every other body. */
export function askedTokens(body: Buffer): AskedTokens | undefined {
  // Everything else begins with another character, and is not parsed in vain.
  if (body[0] !== 0x7b && body[0] !== 0x20 && body[0] !== 0x0a) return undefined;
  const request = parseObject(body);
  if (request === undefined) return undefined;
  const isGenerating = Array.isArray(request['messages']) || request['prompt'] !== undefined;
  if (!isGenerating && request['input'] === undefined) return undefined;
  const input = Math.ceil(body.length / bytesPerToken);
  const bound = outputBounds.map((name) => request[name]).find((value) => isCount(value));
  const answers = isCount(request['n']) ? Math.max(1, request['n']) : 1;
  if (isCount(bound)) return { input, output: Math.ceil(bound * answers) };
  // Embeddings have an input and no text for an answer.
  return { input, output: isGenerating ? undefined : 0 };
}

function parseObject(body: Buffer): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(body.toString('utf8'));
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
    return parsed as Record<string, unknown>;
  } catch {
    // What is wrong with it the model says.
    return undefined;
  }
}

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;
