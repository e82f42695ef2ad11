import { describe, expect, it } from 'vitest';
import { refusalBody, refusals } from '../../errors.ts';
import { makeDataEvent, makeFailureEvent } from './stream-event.ts';

describe('an answer as an event', () => {
  it.each<[string, string, string]>([
    ['is one line of data', '{"a":1}', 'data: {"a":1}\n\n'],
    [
      'has a line of data for each of its lines, however they end',
      'a\nb\r\nc',
      'data: a\ndata: b\ndata: c\n\n',
    ],
    ['may be empty', '', 'data: \n\n'],
  ])('%s', (_name, text, event) => {
    expect(makeDataEvent(text).toString()).toBe(event);
  });
});

describe('an answer that says no, as an event', () => {
  const errorOf = (status: number, reason: string, body: string): unknown => {
    const event = makeFailureEvent(status, reason, body).toString();
    expect(event).toMatch(/^data: \{.*\}\n\n$/);
    return JSON.parse(event.slice('data: '.length)) as unknown;
  };

  it.each<[string, number, string, string, object]>([
    [
      'of a proxy has its code, reason and words',
      503,
      'EvictedNoEndpoints',
      refusalBody(refusals.holdTimeout(7)),
      { code: 'TEMPORARILY_UNAVAILABLE', type: 'EvictedNoEndpoints', status: 503, param: null },
    ],
    [
      'of a model that speaks as OpenAI does keeps what it says',
      400,
      '',
      '{"error":{"message":"too long","type":"invalid_request_error","code":"context_length"}}',
      { message: 'too long', type: 'invalid_request_error', code: 'context_length', status: 400 },
    ],
    ['of a model that speaks plainly is its text', 500, '', 'oh no', { message: 'oh no', code: '500' }],
    ['without words tells the status', 500, '', '', { message: 'status 500', type: 'model_error' }],
    ['in JSON of no known form is that JSON', 500, '', '[1]', { message: '[1]', code: '500' }],
  ])('%s', (_name, status, reason, body, error) => {
    expect(errorOf(status, reason, body)).toMatchObject({ error });
  });
});
