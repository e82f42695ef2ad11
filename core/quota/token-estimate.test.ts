import { describe, expect, it } from 'vitest';
import { askedTokens, TokenEstimate } from './token-estimate.ts';

const body = (request: unknown): Buffer => Buffer.from(JSON.stringify(request));
const messages = [{ role: 'user', content: 'x'.repeat(400) }];

describe('askedTokens', () => {
  it.each([
    ['a chat with a bound', { messages, max_tokens: 50 }, 50],
    ['a chat with the newer bound', { messages, max_completion_tokens: 70, max_tokens: 50 }, 70],
    ['a chat with several answers', { messages, max_tokens: 50, n: 3 }, 150],
    ['a chat without a bound', { messages }, undefined],
    ['a completion', { prompt: 'a red wine', max_tokens: 9 }, 9],
    ['embeddings', { input: ['a red wine'] }, 0],
    ['a bound that is no number', { messages, max_tokens: 'many' }, undefined],
  ])('reads %s', (_name, request, output) => {
    const bytes = body(request);
    expect(askedTokens(bytes)).toEqual({ input: Math.ceil(bytes.length / 4), output });
  });

  it.each([
    ['rows of a table', body({ dataframe_split: { columns: ['a'], data: [[1]] } })],
    ['text that is not JSON', Buffer.from('{ "messages": ')],
    ['CSV', Buffer.from('a,b\n1,2\n')],
    ['a list', Buffer.from('[1,2]')],
    ['nothing', Buffer.alloc(0)],
  ])('sees no question to a language model in %s', (_name, bytes) => {
    expect(askedTokens(bytes)).toBeUndefined();
  });
});

describe('TokenEstimate', () => {
  it('takes what the request says, and else what the ones before needed', () => {
    const estimate = new TokenEstimate();
    for (let count = 0; count < 200; count += 1) estimate.learn({ inputTokens: 20, outputTokens: 80 });
    const chat = body({ messages });
    expect(estimate.of(undefined)).toBeGreaterThanOrEqual(100);
    expect(estimate.of(undefined)).toBeLessThanOrEqual(101);
    expect(estimate.of(chat)).toBeCloseTo(chat.length / 4 + 80, -1);
    expect(estimate.of(body({ messages, max_tokens: 1_000 }))).toBeGreaterThan(1_000);
  });

  it('never takes a request to need nothing', () => {
    const estimate = new TokenEstimate();
    for (let count = 0; count < 500; count += 1) estimate.learn({ inputTokens: 0, outputTokens: 0 });
    expect(estimate.of(undefined)).toBe(1);
  });
});
