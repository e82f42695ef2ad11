import { expect, it } from 'vitest';
import { joinStream } from './join-stream.ts';

const events = (...documents: unknown[]): string =>
  documents
    .map((document) => `data: ${typeof document === 'string' ? document : JSON.stringify(document)}\n\n`)
    .join('');
const chunk = (delta: object, more: object = {}): object => ({
  id: 'c-1',
  object: 'chat.completion.chunk',
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: null }],
  ...more,
});

it.each<[string, string, unknown]>([
  [
    'the chunks of a chat become its answer',
    events(
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: 'he' }, { usage: null }),
      chunk({ content: 'llo' }),
      { ...chunk({}), choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
      { id: 'c-1', object: 'chat.completion.chunk', choices: [], usage: { total_tokens: 3 } },
      '[DONE]',
    ),
    {
      id: 'c-1',
      object: 'chat.completion',
      model: 'm',
      usage: { total_tokens: 3 },
      choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'hello' } }],
    },
  ],
  [
    'calls of tools are put together by their number',
    events(
      chunk({
        tool_calls: [{ index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } }],
      }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: '{"x"' } }] }),
      chunk({ tool_calls: [{ index: 1, id: 'b', function: { name: 'g', arguments: '{}' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: ':1}' } }] }),
    ),
    {
      id: 'c-1',
      object: 'chat.completion',
      model: 'm',
      choices: [
        {
          index: 0,
          message: {
            tool_calls: [
              { index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
              { index: 1, id: 'b', function: { name: 'g', arguments: '{}' } },
            ],
          },
        },
      ],
    },
  ],
  [
    'choices of a completion are kept apart',
    events(
      { choices: [{ index: 1, text: 'b' }] },
      { choices: [{ index: 0, text: 'a' }] },
      { choices: [{ index: 1, text: 'c' }] },
    ),
    {
      choices: [
        { index: 1, text: 'bc' },
        { index: 0, text: 'a' },
      ],
    },
  ],
  [
    'a response is what the stream says it is at last',
    events(
      { type: 'response.created', response: { id: 'r', status: 'in_progress' } },
      { type: 'response.output_text.delta', delta: 'hi' },
      { type: 'response.completed', response: { id: 'r', status: 'completed' } },
    ),
    { id: 'r', status: 'completed' },
  ],
  ['anything else is a list', events({ a: 1 }, 'words', { a: 2 }), [{ a: 1 }, 'words', { a: 2 }]],
  [
    'a stream that was cut is what came of it',
    `${events({ choices: [{ text: 'a' }] })}data: {"cho`,
    [{ choices: [{ text: 'a' }] }, '{"cho'],
  ],
])('%s', (_name, text, expected) => {
  expect(JSON.parse(joinStream(text))).toEqual(expected);
});

it('what is no stream of events stays what it is', () => {
  expect(joinStream('not events')).toBe('not events');
});
