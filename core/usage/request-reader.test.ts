import { expect, it } from 'vitest';
import { RequestReader } from './request-reader.ts';

function read(document: unknown): { characters: number; id: string | undefined } {
  const reader = new RequestReader();
  reader.feed(Buffer.from(JSON.stringify(document)));
  return { characters: reader.characters, id: reader.clientRequestId };
}

it.each<[string, unknown, number]>([
  [
    'messages',
    {
      model: 'ignored',
      messages: [{ role: 'user', content: 'abc' }, { content: [{ type: 'text', text: 'de' }] }],
    },
    5,
  ],
  ['a prompt', { prompt: 'abcd' }, 4],
  ['prompts', { prompt: ['ab', 'c'] }, 3],
  ['what is to be embedded', { input: ['ab', 'c'], encoding_format: 'float' }, 3],
  ['the input of responses', { instructions: 'be', input: [{ role: 'user', content: [{ text: 'hi' }] }] }, 4],
  ['a table', { dataframe_records: [{ question: 'why', n: 4 }] }, 3],
  [
    'a picture, which is no text',
    { messages: [{ content: [{ type: 'image_url', image_url: { url: 'data:…' } }] }] },
    0,
  ],
])('the texts of a request are %s', (_name, document, characters) => {
  expect(read(document).characters).toBe(characters);
});

it.each<[string, unknown, string | undefined]>([
  ['told', { client_request_id: 'r-1', inputs: [] }, 'r-1'],
  ['not told', { inputs: [] }, undefined],
  ['of something else', { extra: { client_request_id: 'r-1' } }, undefined],
  ['no text', { client_request_id: 5 }, undefined],
  ['longer than any id', { client_request_id: 'x'.repeat(1_000) }, undefined],
])('the id of the client is %s', (_name, document, id) => {
  expect(read(document).id).toBe(id);
});
