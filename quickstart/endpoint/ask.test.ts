/** Owns the tests of the quickstart's one request, against a real HTTP server. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it } from 'vitest';
import { closeGracefully, listen } from '../../platform/listener.ts';
import { ask, irisQuestion } from './ask.ts';

let answer: (request: IncomingMessage, response: ServerResponse) => void;
const server = createServer((request, response) => answer(request, response));
afterEach(() => closeGracefully(server, 0));

const { signal } = new AbortController();

async function url(): Promise<string> {
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 });
  return `http://127.0.0.1:${port}/serving-endpoints/iris/invocations`;
}

it('sends the question with the token and returns who answered what', async () => {
  const seen: unknown[] = [];
  answer = (request, response) => {
    void text(request).then((body) => {
      seen.push(request.headers.authorization, JSON.parse(body));
      response.setHeader('served-model-name', 'iris-1').end('{"predictions":[0]}\n');
    });
  };
  expect(await ask(await url(), 'secret', signal)).toEqual({
    servedModel: 'iris-1',
    body: '{"predictions":[0]}',
  });
  expect(seen).toEqual(['Bearer secret', irisQuestion]);
});

it('tells status and body of a refusal', async () => {
  answer = (_request, response) => void response.writeHead(403).end('{"error_code":"PERMISSION_DENIED"}');
  await expect(ask(await url(), 'x', signal)).rejects.toMatchObject({
    code: 'QUESTION_REFUSED',
    message: expect.stringContaining('answered 403: {"error_code":"PERMISSION_DENIED"}') as string,
  });
});

it('says that the gateway does not answer', async () => {
  answer = (_request, response) => void response.destroy();
  await expect(ask(await url(), 'x', signal)).rejects.toMatchObject({ code: 'GATEWAY_UNREACHABLE' });
});
