import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerReader } from './answer-reader.ts';
import type { AnswerFormat } from './answer-reader.ts';
import { cutAnywhere } from './pieces-fixture.ts';

function read(format: AnswerFormat, text: string, cuts: Iterable<number> = [text.length * 4]) {
  const reader = new AnswerReader(format);
  for (const piece of cutAnywhere(text, cuts)) reader.feed(piece);
  reader.end();
  const { input, output, total } = reader.told;
  return { told: [input, output, total], characters: reader.characters };
}

const events = (...documents: unknown[]): string =>
  `${documents.map((document) => `data: ${JSON.stringify(document)}\n\n`).join('')}data: [DONE]\n\n`;
const usage = (input: number, output: number) => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
});
const chunk = (content: string, more: object = {}) => ({
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta: { content } }],
  ...more,
});

describe('AnswerReader reads of a whole answer', () => {
  it.each<[string, unknown, (number | undefined)[], number]>([
    [
      'the usage of a chat, and the text that was written',
      {
        choices: [{ message: { role: 'assistant', content: 'hello' }, finish_reason: 'stop' }],
        usage: { ...usage(5, 7), prompt_tokens_details: { cached_tokens: 4 } },
      },
      [5, 7, 12],
      5,
    ],
    [
      'the usage of embeddings',
      { data: [], usage: { prompt_tokens: 8, total_tokens: 8 } },
      [8, undefined, 8],
      0,
    ],
    [
      'the usage of responses',
      {
        output: [{ type: 'message', content: [{ type: 'output_text', text: 'hi', annotations: [] }] }],
        usage: { input_tokens: 3, output_tokens: 2, output_tokens_details: { reasoning_tokens: 1 } },
      },
      [3, 2, undefined],
      2,
    ],
    ['the usage of a completion', { choices: [{ text: 'abc' }], usage: usage(1, 3) }, [1, 3, 4], 3],
    ['the usage within predictions', { predictions: { content: 'x', usage: usage(1, 2) } }, [1, 2, 3], 1],
    [
      'the usage of each prediction',
      { predictions: [{ usage: usage(1, 2) }, { usage: usage(10, 20) }] },
      [11, 22, 33],
      0,
    ],
    [
      'texts where there is no usage',
      { choices: [{ message: { content: 'naïve 🙂' } }] },
      [undefined, undefined, undefined],
      7,
    ],
    ['predictions that are texts', { predictions: ['ab', 'c'] }, [undefined, undefined, undefined], 3],
    [
      'what a model calls with which arguments',
      {
        choices: [
          { message: { content: null, tool_calls: [{ function: { name: 'f', arguments: '{"a":1}' } }] } },
        ],
      },
      [undefined, undefined, undefined],
      7,
    ],
    ['nothing in numbers of other answers', { predictions: [1, 2, 3] }, [undefined, undefined, undefined], 0],
    ['nothing where usage is null', { choices: [], usage: null }, [undefined, undefined, undefined], 0],
    [
      'no usage that stands elsewhere',
      { custom_outputs: { usage: usage(1, 1) } },
      [undefined, undefined, undefined],
      0,
    ],
    [
      'no number that cannot be one of tokens',
      { usage: { prompt_tokens: -1, completion_tokens: 1.5, total_tokens: 1e300 } },
      [undefined, undefined, undefined],
      0,
    ],
  ])('%s', (_name, document, told, characters) => {
    expect(read('json', JSON.stringify(document))).toEqual({ told, characters });
  });

  it('nothing of what is no JSON', () => {
    expect(read('json', '<html>"usage": {"prompt_tokens": 1}')).toEqual({
      told: [undefined, undefined, undefined],
      characters: 0,
    });
  });
});

describe('AnswerReader reads of a stream', () => {
  it.each<[string, string, (number | undefined)[], number]>([
    [
      'the last usage where each chunk tells that so far',
      events(chunk('he', { usage: usage(5, 1) }), chunk('llo', { usage: usage(5, 2) })),
      [5, 2, 7],
      5,
    ],
    [
      'the usage that only the last chunk tells',
      events(chunk('a', { usage: null }), chunk('b', { usage: null }), { choices: [], usage: usage(4, 2) }),
      [4, 2, 6],
      2,
    ],
    [
      'texts where no chunk tells usage',
      events(chunk('a'), chunk('bc')),
      [undefined, undefined, undefined],
      3,
    ],
    [
      'the usage of a response that is complete, and its text once',
      events(
        { type: 'response.output_text.delta', delta: 'he' },
        { type: 'response.output_text.delta', delta: 'y' },
        { type: 'response.output_text.done', text: 'hey' },
        { type: 'response.output_item.done', item: { content: [{ text: 'hey' }] } },
        {
          type: 'response.completed',
          response: {
            output: [{ content: [{ text: 'hey' }] }],
            usage: { input_tokens: 9, output_tokens: 1 },
          },
        },
      ),
      [9, 1, undefined],
      3,
    ],
    [
      'items of an agent that sends no pieces of them',
      events({ type: 'response.output_item.done', item: { content: [{ text: 'hey' }] } }),
      [undefined, undefined, undefined],
      3,
    ],
    [
      'what an agent of the older kind writes',
      events({ id: 'x', delta: { role: 'assistant', content: 'ab' } }),
      [undefined, undefined, undefined],
      2,
    ],
    [
      'usage that comes in two parts',
      events(
        { type: 'a', message: { usage: { input_tokens: 7, output_tokens: 1 } } },
        { usage: { output_tokens: 30 } },
      ),
      [7, 30, undefined],
      0,
    ],
    [
      'events without an empty line between them',
      'data: {"usage":{"prompt_tokens":1}}\ndata: {"usage":{"prompt_tokens":2}}\n',
      [2, undefined, undefined],
      0,
    ],
    [
      'an event whose JSON has several lines',
      'data: {"usage":\ndata: {"prompt_tokens":2}}\n\n',
      [2, undefined, undefined],
      0,
    ],
    [
      'what stands after an event that is no JSON',
      `data: {"a":]\n\n${events({ usage: usage(1, 2) })}`,
      [1, 2, 3],
      0,
    ],
    [
      'an event that was cut, as far as it came',
      'data: {"usage":{"prompt_tokens":12,"completion_to',
      [12, undefined, undefined],
      0,
    ],
  ])('%s', (_name, text, told, characters) => {
    expect(read('events', text)).toEqual({ told, characters });
  });

  it('the same however it is cut', () => {
    const text = events(chunk('hé🙂', { usage: usage(5, 1) }), chunk('"\\llo', { usage: usage(5, 2) }));
    fc.assert(
      fc.property(fc.infiniteStream(fc.nat(15)), (cuts) => {
        expect(read('events', text, cuts)).toEqual({ told: [5, 2, 7], characters: 8 });
      }),
    );
  });
});

it('agrees with JSON.parse about the usage of any document', () => {
  const tokens = fc.nat(1_000_000);
  const document = fc.record(
    {
      id: fc.string({ unit: 'grapheme' }),
      choices: fc.jsonValue(),
      usage: fc.record(
        { prompt_tokens: tokens, completion_tokens: tokens, total_tokens: tokens, details: fc.jsonValue() },
        { requiredKeys: [] },
      ),
      metadata: fc.jsonValue(),
    },
    { requiredKeys: ['usage'] },
  );
  fc.assert(
    fc.property(document, fc.infiniteStream(fc.nat(30)), (value, cuts) => {
      const { usage: told } = value;
      expect(read('json', JSON.stringify(value), cuts).told).toEqual([
        told.prompt_tokens,
        told.completion_tokens,
        told.total_tokens,
      ]);
    }),
  );
});
