import { describe, expect, it } from 'vitest';
import { promptPrefixHash } from './prompt-prefix.ts';

const hashOf = (request: unknown): number | undefined => promptPrefixHash(JSON.stringify(request));
const user = (content: unknown): object => ({ role: 'user', content });
const chat = (...messages: object[]): object => ({ messages });
const long = 'x'.repeat(100);

describe('promptPrefixHash is the same for', () => {
  it.each<[string, object, object]>([
    [
      'all turns of one chat',
      chat(user('hello')),
      chat(user('hello'), { role: 'assistant', content: 'hi' }, user('and?')),
    ],
    [
      'chats with different system messages',
      chat({ role: 'system', content: 'Be kind.' }, user('hello')),
      chat(user('hello')),
    ],
    ['texts that differ after 100 characters', chat(user(`${long}a`)), chat(user(`${long}b`))],
    [
      'a text and the same text as a part',
      chat(user('hello')),
      chat(user([{ type: 'text', text: 'hello' }])),
    ],
    [
      'a text with and without a picture before it',
      chat(
        user([
          { type: 'image_url', image_url: {} },
          { type: 'text', text: 'hello' },
        ]),
      ),
      chat(user('hello')),
    ],
    ['a prompt, and a list of prompts that begins with it', { prompt: 'hello' }, { prompt: ['hello', 'b'] }],
    ['an input as a text and as a message', { input: 'hello' }, { input: [user('hello')] }],
  ])('%s', (_name, one, other) => {
    expect(hashOf(one)).toBeDefined();
    expect(hashOf(one)).toBe(hashOf(other));
  });
});

describe('promptPrefixHash differs for', () => {
  it.each<[string, object, object]>([
    ['different first messages', chat(user('hello')), chat(user('goodbye'))],
    ['different adapters', { model: 'a', ...chat(user('hello')) }, { model: 'b', ...chat(user('hello')) }],
  ])('%s', (_name, one, other) => {
    expect(hashOf(one)).not.toBe(hashOf(other));
  });
});

describe('promptPrefixHash finds nothing in', () => {
  it.each<[string, string]>([
    ['rows of a table', '{"dataframe_records":[{"a":1}]}'],
    ['a chat without a user', '{"messages":[{"role":"system","content":"Be kind."}]}'],
    ['a chat of nonsense', '{"messages":[null,1,[]]}'],
    ['an empty message', '{"messages":[{"role":"user","content":""}]}'],
    ['a picture alone', '{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}'],
    ['a list', '[{"role":"user","content":"hello"}]'],
    ['CSV', 'a,b\n1,2\n'],
    ['JSON that is cut', '{"prompt":"hel'],
    ['nothing', ''],
  ])('%s', (_name, body) => {
    expect(promptPrefixHash(body)).toBeUndefined();
  });
});
