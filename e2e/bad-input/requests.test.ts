/** Owns the journey of requests that cannot be answered: each gets its status, its code and a sentence, and the model lives on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubeClient } from '../../kube/client.ts';
import { servingEndpoints } from '../../kube/kinds.ts';
import { kubeClient } from '../harness/cluster-under-test.ts';
import {
  anEndpoint,
  apply,
  irisColumns,
  namespace,
  oneFlower,
  query,
  untilReady,
} from '../harness/endpoints.ts';

const name = 'bad-requests';
const data = [[5.1, 3.5, 1.4, 0.2]];
const bothFormats = { dataframe_split: { columns: irisColumns, data }, instances: data };
const wrongColumn = { dataframe_split: { columns: ['colour', ...irisColumns.slice(1)], data } };

describe('requests that cannot be answered', () => {
  let client: KubeClient;
  beforeAll(async () => {
    client = kubeClient();
    await apply(client, anEndpoint(name, 'models:/iris/1'));
    await untilReady(client, name);
  });
  afterAll(async () => {
    await client.delete(servingEndpoints, { name, namespace });
    await client.transport.close();
  });

  it.each<[string, Parameters<typeof query>[1], number, string, RegExp]>([
    ['JSON that ends too early', { body: '{"dataframe_split":' }, 400, 'BAD_REQUEST', /JSON/i],
    [
      'two formats at once',
      { body: JSON.stringify(bothFormats) },
      400,
      'BAD_REQUEST',
      /dataframe_split|instances/,
    ],
    [
      'a column that the model does not know',
      { body: JSON.stringify(wrongColumn) },
      400,
      'INVALID_PARAMETER_VALUE',
      /sepal length/,
    ],
    ['no token', { token: null }, 401, 'UNAUTHENTICATED', /token/],
    ['a wrong token', { token: 'not-a-token' }, 403, 'PERMISSION_DENIED', /token/],
    [
      'a body over 16 MiB',
      { body: new Uint8Array(16 * 1024 * 1024 + 1) },
      413,
      'MAX_REQUEST_SIZE_EXCEEDED',
      /16777216/,
    ],
  ])('%s', async (_name, request, status, code, message) => {
    const answer = await query(name, request);
    expect(answer.status, answer.text).toBe(status);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    expect(JSON.parse(answer.text)).toEqual({
      error_code: code,
      message: expect.stringMatching(message) as string,
    });
  });

  it('an endpoint that does not exist', async () => {
    const answer = await query('no-such-endpoint');
    expect(answer.status, answer.text).toBe(404);
    expect(JSON.parse(answer.text)).toMatchObject({ error_code: 'RESOURCE_DOES_NOT_EXIST' });
  });

  it('answers good requests as before', async () => {
    expect(await query(name, { body: oneFlower })).toMatchObject({
      status: 200,
      text: '{"predictions": [0]}',
    });
  });
});
