/** Owns the proof that the gateway knows what requests have used, whoever answers how, and counts it once. */
import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { startSidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import type { SidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import { aWineEndpoint } from '../testing/cluster-fixture.ts';
import { answerTo, openCall, until } from '../testing/http-client-fixture.ts';
import { makePki } from '../testing/pki-fixture.ts';
import type { Pki } from '../testing/pki-fixture.ts';
import { aliceHeaders, startGatewayUnderTest } from './gateway-fixture.ts';
import type { GatewayUnderTest } from './gateway-fixture.ts';

let pki: Pki;
let pod: SidecarUnderTest;
let t: GatewayUnderTest;
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());
beforeEach(async () => {
  pod = await startSidecarUnderTest(pki);
  t = await startGatewayUnderTest(pki);
  t.cluster.setPods('team-a', 'wine-0123456789', [{ ...pod.sidecar.data, ready: true }]);
});
afterEach(async () => {
  await t.stop();
  await pod.stop();
});

type Spec = Partial<ServingEndpoint['spec']>;

const tracked: Spec = { aiGateway: { usageTracking: { enabled: true } } };
const chat: Spec = {
  servedEntities: [
    ...aWineEndpoint((endpoint) => ({
      ...endpoint,
      spec: {
        ...endpoint.spec,
        servedEntities: endpoint.spec.servedEntities.map((entity) => ({
          ...entity,
          model: { ...entity.model!, task: 'llm/v1/chat' as const },
        })),
      },
    })).spec.servedEntities,
  ],
};

async function serve(spec: Spec, respond?: (response: ServerResponse) => void): Promise<void> {
  t.cluster.setEndpoint(aWineEndpoint((endpoint) => ({ ...endpoint, spec: { ...endpoint.spec, ...spec } })));
  await t.caughtUp();
  if (respond === undefined) return;
  pod.model.respond = (request, response) => {
    request.resume();
    request.on('end', () => respond(response));
  };
}

const json =
  (document: unknown, status = 200) =>
  (response: ServerResponse) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(document));
  };

/** Tokens that a proxy has counted, as `input/output`, an estimate in parentheses. */
async function tokens(of: { registry: GatewayUnderTest['registry'] } = t): Promise<string> {
  const lines = (await of.registry.metrics()).split('\n');
  const read = (estimated: boolean): string | undefined => {
    const values = ['input', 'output'].map((kind) => {
      const label = `kind="${kind}",estimated="${estimated}"`;
      return lines.find((line) => line.includes(label))?.split(' ')[1] ?? '0';
    });
    return values.every((value) => value === '0') ? undefined : values.join('/');
  };
  const estimate = read(true);
  return [read(false), ...(estimate === undefined ? [] : [`(${estimate})`])].join('');
}

const usage = { prompt_tokens: 5, completion_tokens: 7, total_tokens: 12 };
const question = JSON.stringify({ messages: [{ role: 'user', content: 'x'.repeat(39) }] });

describe('the tokens of a request', () => {
  it.each<[string, Spec, unknown, string]>([
    ['are those that the answer tells, where usage is tracked', tracked, { usage }, '5/7'],
    ['are those that a language model tells', chat, { choices: [], usage }, '5/7'],
    ['are nobody’s business of other endpoints', {}, { usage }, ''],
    [
      'are estimated of a language model that does not tell',
      chat,
      { choices: [{ message: { content: 'y'.repeat(7) } }] },
      '(10/2)',
    ],
    ['are not estimated of other models', tracked, { predictions: ['y'.repeat(7)] }, ''],
  ])('%s', async (_name, spec, document, expected) => {
    await serve(spec, json(document));
    expect((await t.send({ body: question })).status).toBe(200);
    expect(await tokens()).toBe(expected);
    expect(await tokens(pod)).toBe('');
  });

  it('are estimated of a body that was streamed through', async () => {
    await serve(chat, json({ choices: [] }));
    await t.send({ body: JSON.stringify({ prompt: 'x'.repeat(200_003) }) });
    expect(await tokens()).toBe('(50001/0)');
  });

  it('are none of what the model refuses', async () => {
    await serve(chat, json({ usage, error: 'no' }, 400));
    expect((await t.send({ body: question })).status).toBe(400);
    expect(await tokens()).toBe('');
  });

  it('are read of an answer that would be compressed, had the caller been asked', async () => {
    await serve(chat, json({ usage }));
    pod.model.respond = (request, response) => {
      expect(request.headers['accept-encoding']).toBeUndefined();
      json({ usage })(response);
    };
    await t.send({ headers: { ...aliceHeaders, 'accept-encoding': 'gzip' } });
    expect(await tokens()).toBe('5/7');
  });
});

describe('the tokens of a stream', () => {
  const event = (document: unknown): string => `data: ${JSON.stringify(document)}\n\n`;
  const delta = (content: string, more: object = {}): string =>
    event({ choices: [{ delta: { content } }], ...more });

  it('are those of its last chunk, and it passes unchanged', async () => {
    const text =
      delta('a', { usage: { ...usage, completion_tokens: 1 } }) + delta('b', { usage }) + 'data: [DONE]\n\n';
    await serve(chat, (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const piece of text.match(/[^]{1,9}/g) ?? []) response.write(piece);
      response.end();
    });
    expect((await t.send()).body).toBe(text);
    expect(await tokens()).toBe('5/7');
  });

  it('are those told so far when the caller goes away', async () => {
    await serve(chat, (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(delta('a', { usage }));
    });
    const request = openCall(t.call({ body: question }));
    request.on('error', () => undefined);
    const head = answerTo(request);
    request.end(question);
    (await head).once('data', () => request.destroy());
    await until(() => request.destroyed);
    while ((await tokens()) === '') await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await tokens()).toBe('5/7');
  });

  it('are estimated from what has been written so far when the model dies', async () => {
    await serve(chat, (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(delta('y'.repeat(15)), () => response.destroy());
    });
    const request = openCall(t.call());
    const head = answerTo(request);
    request.end(question);
    const answer = await head;
    answer.resume();
    await new Promise<void>((resolve) => answer.once('close', resolve).once('error', () => undefined));
    expect(await tokens()).toBe('(10/4)');
  });
});
