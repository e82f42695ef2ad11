import { expect, it } from 'vitest';
import type { Usage } from '../../../core/usage/token-usage.ts';
import { anExchange } from '../../testing/exchange-fixture.ts';
import { makeSettle } from './settle.ts';

const plan = { usage: true, samplingFraction: 1, lossless: false, languageModels: ['llama'] };

/** Usage of a request of 3 characters for `first` that `answering` answers with 7. */
function usageOf(first: string, answering: string): Usage | undefined {
  const stage = makeSettle(() => plan);
  const exchange = anExchange('alice');
  exchange.servedEntity = first;
  exchange.body = Buffer.from('{"prompt":"abc"}');
  stage.listen?.(exchange);
  exchange.servedEntity = answering;
  exchange.tap?.onHead(200, ['content-type', 'application/json']);
  exchange.tap?.onChunk(Buffer.from('{"choices":[{"text":"yyyyyyy"}]}'));
  stage.finish?.(exchange);
  return exchange.usage;
}

it.each<[string, string, string, Usage | undefined]>([
  ['of a language model', 'llama', 'llama', { inputTokens: 1, outputTokens: 2, estimated: true }],
  [
    'of a language model that it fell back to',
    'iris',
    'llama',
    { inputTokens: 1, outputTokens: 2, estimated: true },
  ],
  ['of another model is not estimated', 'iris', 'iris', undefined],
  ['of another model that it fell back to is not either', 'llama', 'iris', undefined],
])('usage that nobody tells %s', (_name, first, answering, expected) => {
  expect(usageOf(first, answering)).toEqual(expected);
});
