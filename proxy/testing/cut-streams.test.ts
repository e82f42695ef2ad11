/** Owns the proof that a stream that is cut never looks like one that has ended, and says so where it has words for it. */
import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startChain } from './chain-fixture.ts';
import type { Chain, ChainOptions } from './chain-fixture.ts';
import { until } from './http-client-fixture.ts';
import { makePki } from './pki-fixture.ts';
import type { Pki } from './pki-fixture.ts';
import type { RawClient } from './raw-client-fixture.ts';

let pki: Pki;
let t: Chain;
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());
afterEach(() => t.stop());

const start = async (options?: ChainOptions): Promise<void> => {
  t = await startChain(pki, options);
};
const eventStream = { 'content-type': 'text/event-stream; charset=utf-8' };

/** The model answers with `head` and the first piece of a body, and does no more. */
function begin(
  head: NodeJS.Dict<string | number>,
  piece: string,
  then?: (response: ServerResponse) => void,
): void {
  t.model.respond = (request, response) => {
    request.resume();
    response.writeHead(200, head);
    response.write(piece, () => then?.(response));
  };
}
const cut = (response: ServerResponse): void => void response.destroy();

/** The body of an answer in chunks, as far as it came, and whether its last chunk did. */
function bodyOf(client: RawClient): { text: string; ended: boolean } {
  let rest = client.heard.slice(client.heard.indexOf('\r\n\r\n') + 4);
  let text = '';
  for (;;) {
    const end = rest.indexOf('\r\n');
    if (end === -1) return { text, ended: false };
    const size = Number.parseInt(rest.slice(0, end), 16);
    if (size === 0) return { text, ended: true };
    text += rest.slice(end + 2, end + 2 + size);
    rest = rest.slice(end + 2 + size + 2);
  }
}

const errorsIn = (text: string): unknown[] =>
  text
    .split('\n\n')
    .filter((event) => event.startsWith('data: {"error":'))
    .map((event) => (JSON.parse(event.slice('data: '.length)) as { error: unknown }).error);
const broke = {
  code: 'BAD_GATEWAY',
  type: 'upstream_broke',
  param: null,
  status: 502,
  message: expect.any(String) as string,
};
const late = { code: 'DEADLINE_EXCEEDED', type: 'deadline' };

describe('a stream of events that is cut', () => {
  it('ends in one event that says so, and is not ended', async () => {
    await start();
    begin(eventStream, 'data: 1\n\n', cut);
    const client = t.open();
    await client.untilClosed();
    const { text, ended } = bodyOf(client);
    expect(ended).toBe(false);
    expect(text).toMatch(/^data: 1\n\ndata: \{"error":.*\}\n\n$/);
    expect(errorsIn(text)).toEqual([broke]);
  });

  it('within an event ends that one, so that the next one can be read', async () => {
    await start();
    begin(eventStream, 'data: 1\n\ndata: {"cho', cut);
    const client = t.open();
    await client.untilClosed();
    const { text, ended } = bodyOf(client);
    expect(ended).toBe(false);
    expect(text).toContain('data: 1\n\ndata: {"cho\n\ndata: {"error":');
    expect(errorsIn(text)).toEqual([broke]);
  });

  it('before its first event says so, too', async () => {
    await start();
    t.model.respond = (_request, response) => {
      response.writeHead(200, eventStream).flushHeaders();
      setTimeout(cut, 50, response);
    };
    const client = t.open();
    await client.untilClosed();
    expect(errorsIn(bodyOf(client).text)).toEqual([broke]);
    expect(bodyOf(client).ended).toBe(false);
  });

  it('because chunks of the model are malformed says so', async () => {
    await start();
    t.model.respond = (request) => {
      request.socket.write(
        'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n',
      );
      request.socket.write('9\r\ndata: 1\n\n\r\nGARBAGE\r\n');
    };
    const client = t.open();
    await client.untilClosed();
    expect(errorsIn(bodyOf(client).text)).toEqual([broke]);
    expect(bodyOf(client).ended).toBe(false);
  });

  it.each<[when: string, options: ChainOptions]>([
    [
      'the model is silent for too long',
      { sidecar: ({ timeouts }) => ({ timeouts: { ...timeouts, idleMs: 200 } }) },
    ],
    ['the pod is silent for too long', { gateway: { idleTimeoutMs: 200 } }],
    [
      'it takes too long in all, for the sidecar',
      { sidecar: ({ timeouts }) => ({ timeouts: { ...timeouts, totalMs: 300 } }) },
    ],
    ['it takes too long in all, for the gateway', { gateway: { totalTimeoutMs: 300 } }],
  ])('because %s says so, and the model is told', async (_when, options) => {
    await start(options);
    let gone = false;
    begin(eventStream, 'data: 1\n\n', (response) => response.once('close', () => (gone = true)));
    const client = t.open();
    await client.untilClosed();
    expect(errorsIn(bodyOf(client).text)).toEqual([expect.objectContaining(late)]);
    expect(bodyOf(client).ended).toBe(false);
    await until(() => gone);
  });

  it('because the model died says so', async () => {
    await start();
    begin(eventStream, 'data: 1\n\n');
    const client = t.open();
    await until(() => client.heard.includes('data: 1'));
    await t.pod.model.stop();
    await client.untilClosed();
    expect(errorsIn(bodyOf(client).text)).toEqual([broke]);
  });

  it('that is compressed is cut without words, which nobody could read', async () => {
    await start();
    begin({ ...eventStream, 'content-encoding': 'gzip' }, 'xxxx', cut);
    const client = t.open();
    await client.untilClosed();
    expect(bodyOf(client)).toEqual({ text: 'xxxx', ended: false });
  });

  it('of a known length is cut without words, which have no room', async () => {
    await start();
    begin({ ...eventStream, 'content-length': 100 }, 'data: 1\n\n', cut);
    const client = t.open();
    await client.untilClosed();
    expect(client.answers).toEqual([]);
    expect(client.heard).not.toContain('error');
  });

  it('that the model itself has ended with an error gets no second one', async () => {
    await start();
    begin(eventStream, 'data: 1\n\ndata: {"error":{"message":"out of memory"}}\n\n', cut);
    const client = t.open();
    await client.untilClosed();
    expect(errorsIn(bodyOf(client).text)).toEqual([{ message: 'out of memory' }]);
    expect(bodyOf(client).ended).toBe(false);
  });
});

describe('a stream of events that ends', () => {
  it('ends as the model has ended it', async () => {
    await start();
    begin(eventStream, 'data: 1\n\n', (response) => response.end('data: [DONE]\n\n'));
    const client = t.open();
    await client.untilAnswers(1);
    expect(client.answers[0]?.body).toBe('data: 1\n\ndata: [DONE]\n\n');
    client.destroy();
  });
});

describe('another answer that is cut', () => {
  it.each<[name: string, head: NodeJS.Dict<string | number>]>([
    ['in chunks', { 'content-type': 'application/json' }],
    ['of a known length', { 'content-length': 100 }],
  ])('%s is cut for the caller, and says nothing', async (_name, head) => {
    await start();
    begin(head, '{"predictions":', cut);
    const client = t.open();
    await client.untilClosed();
    expect(client.answers).toEqual([]);
    expect(client.heard).not.toContain('error');
  });

  it('for a caller of HTTP/1.0, to whom the end of the connection is the end of the answer, ends in a reset', async () => {
    await start();
    begin({}, 'some', cut);
    const client = t.open([], '{}', 'HTTP/1.0');
    await client.untilClosed();
    expect(client.error).toMatchObject({ code: 'ECONNRESET' });
  });
});
