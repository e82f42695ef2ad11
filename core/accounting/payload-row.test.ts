import { describe, expect, it } from 'vitest';
import { makePayloadRow, makeUsageRow } from './payload-row.ts';
import type { Payload, PayloadFacts } from './payload-row.ts';

const payload = (text: string | Buffer, more: Partial<Payload> = {}): Payload => ({
  chunks: [Buffer.from(text)],
  isTooLong: false,
  isWhole: true,
  ...more,
});
const facts: PayloadFacts = {
  requestId: 'r-1',
  at: Date.parse('2026-11-30T23:59:59.500Z'),
  status: 200,
  servedEntity: 'iris-0123456789',
  requester: 'alice',
  samplingFraction: 0.5,
  durationMs: 12.4,
  request: payload('{"client_request_id":"mine","inputs":[1]}'),
  response: payload('{"predictions":[0]}'),
  isStream: false,
};
const row = (more: Partial<PayloadFacts> = {}): Record<string, unknown> =>
  JSON.parse(makePayloadRow({ ...facts, ...more })) as Record<string, unknown>;

describe('a row of a payload log', () => {
  it('has the columns of an inference table', () => {
    expect(row()).toEqual({
      databricks_request_id: 'r-1',
      request_date: '2026-11-30',
      client_request_id: 'mine',
      request_time: '2026-11-30T23:59:59.500Z',
      status_code: 200,
      sampling_fraction: 0.5,
      execution_duration_ms: 12,
      request: '{"client_request_id":"mine","inputs":[1]}',
      response: '{"predictions":[0]}',
      logging_error_codes: [],
      served_entity_id: 'iris-0123456789',
      requester: 'alice',
    });
  });

  it('is one line, whatever the bodies hold', () => {
    expect(makePayloadRow({ ...facts, request: payload('a\nb\r\u2028"\\') })).not.toMatch(/[\n\r]/);
  });

  it.each<[string, Partial<PayloadFacts>, object]>([
    [
      'a request that is too long',
      { request: payload('', { chunks: [], isTooLong: true }) },
      { request: null, client_request_id: null, logging_error_codes: ['MAX_REQUEST_SIZE_EXCEEDED'] },
    ],
    [
      'an answer that is too long',
      { response: payload('', { chunks: [], isTooLong: true }) },
      { response: null, logging_error_codes: ['MAX_RESPONSE_SIZE_EXCEEDED'] },
    ],
    [
      'an answer that was cut',
      { response: payload('{"pre', { isWhole: false }) },
      { response: '{"pre', logging_error_codes: ['RESPONSE_INCOMPLETE'] },
    ],
    [
      'a request that nobody has read to its end',
      { status: 503, request: payload('', { chunks: [], isWhole: false }) },
      { request: null, logging_error_codes: ['REQUEST_INCOMPLETE'] },
    ],
    [
      'no answer at all',
      { status: 499, response: payload('', { chunks: [], isWhole: false }) },
      { response: null, logging_error_codes: ['RESPONSE_INCOMPLETE'] },
    ],
    [
      'bodies that are no text',
      { request: payload(Buffer.from([0xff, 0xfe])), response: payload(Buffer.from([0xc3])) },
      { request: null, response: null, logging_error_codes: ['REQUEST_NOT_TEXT', 'RESPONSE_NOT_TEXT'] },
    ],
    [
      'an empty answer',
      { response: payload('', { chunks: [] }) },
      { response: null, logging_error_codes: [] },
    ],
    [
      'a character that came in two pieces',
      { response: payload('', { chunks: [Buffer.from([0xc3]), Buffer.from([0xa9])] }) },
      { response: 'é', logging_error_codes: [] },
    ],
    [
      'a stream, joined',
      { isStream: true, response: payload('data: {"choices":[{"text":"a"}]}\n\ndata: [DONE]\n\n') },
      { response: '{"choices":[{"index":0,"text":"a"}]}' },
    ],
    [
      'nobody who asked',
      { requester: undefined, servedEntity: undefined },
      { requester: null, served_entity_id: null },
    ],
  ])('tells of %s', (_name, more, expected) => {
    expect(row(more)).toMatchObject(expected);
  });
});

describe('a row of a usage log', () => {
  const usage = { inputTokens: 5, outputTokens: 7, estimated: true };
  const more = { namespace: 'team-a', clientRequestId: undefined, isStream: true };
  const { requestId, at, status, servedEntity, requester } = facts;
  const shared = { requestId, at, status, servedEntity, requester };

  it('has the columns of a table of usage', () => {
    expect(JSON.parse(makeUsageRow({ ...shared, ...more, usage }))).toEqual({
      request_time: '2026-11-30T23:59:59.500Z',
      status_code: 200,
      requester: 'alice',
      databricks_request_id: 'r-1',
      client_request_id: null,
      served_entity_id: 'iris-0123456789',
      workspace_id: 'team-a',
      input_token_count: 5,
      output_token_count: 7,
      token_counts_estimated: true,
      request_streaming: true,
    });
  });

  it('tells no tokens where none are known', () => {
    expect(JSON.parse(makeUsageRow({ ...shared, ...more, usage: undefined }))).toMatchObject({
      input_token_count: null,
      output_token_count: null,
      token_counts_estimated: false,
    });
  });
});
