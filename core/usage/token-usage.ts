/** Owns what a request has used, in tokens, and the estimate where nobody tells. */

/** What a request has used, in tokens of the model. */
export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Nobody told; it follows from the length of the texts. */
  readonly estimated: boolean;
}

/** Returns about how many tokens a text of so many characters has: `(text_length + 1) / 4` (rest-contract §5.1). */
export const estimateTokens = (characters: number): number => Math.floor((characters + 1) / 4);

/** What an answer tells of its usage; a field that it does not tell is undefined. */
export interface ToldUsage {
  input: number | undefined;
  output: number | undefined;
  total: number | undefined;
}

/** The characters of the texts that were asked and answered. */
export interface TextLengths {
  readonly input: number;
  readonly output: number;
}

/**
 * Returns the usage of a request.
 *
 * @param told - what the answer tells, and what it does not tell may follow from the rest of it.
 * @param texts - undefined where nothing is to be estimated: the model is no language model, or the texts cannot be read.
 * @returns undefined where neither tells anything.
 */
export function usageOf(told: ToldUsage, texts: () => TextLengths | undefined): Usage | undefined {
  const { input, output, total } = told;
  if (input !== undefined || total !== undefined) {
    const inputTokens = input ?? Math.max(0, (total ?? 0) - (output ?? 0));
    const outputTokens = output ?? Math.max(0, (total ?? inputTokens) - inputTokens);
    return { inputTokens, outputTokens, estimated: false };
  }
  const lengths = texts();
  if (lengths === undefined) {
    return output === undefined ? undefined : { inputTokens: 0, outputTokens: output, estimated: false };
  }
  return {
    inputTokens: estimateTokens(lengths.input),
    outputTokens: output ?? estimateTokens(lengths.output),
    estimated: true,
  };
}
