/** Owns the proof that the gateway logs what endpoints want logged, and that no request waits for a log that did not ask to. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import { startSidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import type { SidecarUnderTest } from '../sidecar/sidecar-fixture.ts';
import { aWineEndpoint } from '../testing/cluster-fixture.ts';
import { answerTo, openCall, until } from '../testing/http-client-fixture.ts';
import { makePki } from '../testing/pki-fixture.ts';
import type { Pki } from '../testing/pki-fixture.ts';
import type { GatewayConfig } from './config.ts';
import { aliceHeaders, startGatewayUnderTest } from './gateway-fixture.ts';
import type { GatewayUnderTest } from './gateway-fixture.ts';

let pki: Pki;
let pod: SidecarUnderTest;
let t: GatewayUnderTest;
let directory: string;
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'fairlead-payloads-'));
  pod = await startSidecarUnderTest(pki);
});
afterEach(async () => {
  await t.stop();
  await pod.stop();
  rmSync(directory, { recursive: true });
});

type AiGateway = NonNullable<ServingEndpoint['spec']['aiGateway']>;
type Table = NonNullable<AiGateway['inferenceTable']>;

async function start(table: Partial<Table>, config: Partial<GatewayConfig> = {}): Promise<void> {
  await serve({ inferenceTable: { enabled: true, lossless: false, ...table } }, config);
}

async function serve(aiGateway: AiGateway, config: Partial<GatewayConfig> = {}): Promise<void> {
  t = await startGatewayUnderTest(pki, { config: { payloadLogDir: directory, ...config } });
  t.cluster.setPods('team-a', 'wine-0123456789', [{ ...pod.sidecar.data, ready: true }]);
  t.cluster.setEndpoint(
    aWineEndpoint((endpoint) => ({ ...endpoint, spec: { ...endpoint.spec, aiGateway } })),
  );
  await t.caughtUp();
}

type LoggedRow = Record<string, unknown>;

/** The rows in all files below `part`, once there are so many. */
async function rows(count: number, part = 'wine_payload'): Promise<LoggedRow[]> {
  let found: LoggedRow[] = [];
  await until(() => {
    const entries = readdirSync(directory, { recursive: true, withFileTypes: true });
    found = entries
      .filter((entry) => entry.isFile() && entry.parentPath.includes(part))
      .flatMap(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8').split('\n'))
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LoggedRow);
    return found.length >= count;
  });
  return found;
}

const counted = async (result: string, kind = 'payload'): Promise<number> =>
  t.metric(`fairlead_payload_log_rows_total{kind="${kind}",result="${result}"}`);
const answering = (respond: (response: ServerResponse) => void): void => {
  pod.model.respond = (request, response) => {
    request.resume();
    request.on('end', () => respond(response));
  };
};

describe('a row', () => {
  it('is written of each request, with what was asked and answered', async () => {
    await start({});
    const body = '{"client_request_id":"mine","inputs":[1]}';
    await t.send({ body, headers: { ...aliceHeaders, 'x-request-id': 'r-1' } });
    expect(await rows(1)).toEqual([
      {
        databricks_request_id: 'r-1',
        request_date: new Date().toISOString().slice(0, 10),
        client_request_id: 'mine',
        request_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
        status_code: 200,
        sampling_fraction: 1,
        execution_duration_ms: expect.any(Number) as number,
        request: body,
        response: '{"predictions":[0]}',
        logging_error_codes: [],
        served_entity_id: 'wine-0123456789',
        requester: 'alice',
      },
    ]);
    expect(readdirSync(join(directory, 'team-a/wine_payload'))).toEqual([
      new Date().toISOString().slice(0, 10),
    ]);
  });

  it('is written of what the model refuses', async () => {
    await start({});
    answering((response) =>
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"no"}'),
    );
    await t.send();
    expect(await rows(1)).toMatchObject([{ status_code: 400, response: '{"error":"no"}' }]);
  });

  it('is written of what cannot be answered', async () => {
    await start({}, { totalTimeoutMs: 400 });
    await pod.model.stop();
    const { status, body } = await t.send();
    expect(await rows(1)).toMatchObject([{ status_code: status, request: '{"inputs":[1]}', response: body }]);
  });

  it('says of a large body that it was not read when nobody could take it', async () => {
    await start({}, { totalTimeoutMs: 400 });
    await pod.sidecar.stop();
    const body = JSON.stringify({ inputs: 'x'.repeat(3_000_000) });
    expect((await t.send({ body })).status).toBeGreaterThan(500);
    expect(await rows(1)).toMatchObject([{ request: null, logging_error_codes: ['REQUEST_INCOMPLETE'] }]);
  });

  it('is not written of whom nobody knows, who is not permitted, and what is not there', async () => {
    await start({});
    await t.send({ headers: { authorization: 'Bearer wrong' } });
    await t.send({ path: '/namespaces/team-a/serving-endpoints/other/invocations' });
    await t.send();
    expect(await rows(1)).toHaveLength(1);
  });

  it('holds a large body that was streamed through, and none that is too large', async () => {
    await start({});
    for (const length of [200_000, 1_100_000]) {
      await t.send({ body: JSON.stringify({ inputs: 'x'.repeat(length) }) });
    }
    const [first, second] = (await rows(2)) as [LoggedRow, LoggedRow];
    expect((first['request'] as string).length).toBe(200_013);
    expect(second).toMatchObject({ request: null, logging_error_codes: ['MAX_REQUEST_SIZE_EXCEEDED'] });
    const usedBytes = () => t.metric('fairlead_payload_log_memory_bytes');
    await vi.waitFor(async () => expect(await usedBytes()).toBe(0), 20_000);
  });

  it('says that an answer was too large, which passes all the same', async () => {
    await start({});
    answering((response) =>
      response.writeHead(200, { 'content-type': 'text/plain' }).end('x'.repeat(1_100_000)),
    );
    expect((await t.send()).body.length).toBe(1_100_000);
    expect(await rows(1)).toMatchObject([
      { response: null, logging_error_codes: ['MAX_RESPONSE_SIZE_EXCEEDED'] },
    ]);
  });

  it('joins a stream, which passes as it comes', async () => {
    await start({});
    const seen: string[] = [];
    let proceed: () => void = () => undefined;
    const gone = new Promise<void>((resolve) => (proceed = resolve));
    answering((response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: {"choices":[{"index":0,"delta":{"content":"he"}}]}\n\n');
      void gone.then(() =>
        response.end('data: {"choices":[{"index":0,"delta":{"content":"y"}}]}\n\ndata: [DONE]\n\n'),
      );
    });
    const request = openCall(t.call());
    const head = answerTo(request);
    request.end('{}');
    const answer = await head;
    answer.on('data', (chunk: Buffer) => {
      seen.push(chunk.toString());
      proceed();
    });
    await new Promise((resolve) => answer.once('end', resolve));
    expect(seen.length).toBeGreaterThan(1);
    expect(await rows(1)).toMatchObject([
      { response: '{"choices":[{"index":0,"message":{"content":"hey"}}]}', logging_error_codes: [] },
    ]);
  });

  it('tells of a caller who went away', async () => {
    await start({});
    answering((response) => response.writeHead(200, { 'content-type': 'text/plain' }).write('half'));
    const request = openCall(t.call());
    request.on('error', () => undefined);
    const head = answerTo(request);
    request.end('{}');
    (await head).once('data', () => request.destroy());
    expect(await rows(1)).toMatchObject([{ response: 'half', logging_error_codes: ['RESPONSE_INCOMPLETE'] }]);
  });
});

describe('a sample', () => {
  it('of nothing is nothing', async () => {
    await start({ samplingFraction: 0 });
    await t.send();
    await t.stop();
    expect(readdirSync(directory)).toEqual([]);
  });

  it('has its share of the requests', async () => {
    await start({ samplingFraction: 0.5 });
    for (let index = 0; index < 60; index += 1) await t.send();
    const found = (await rows(1)).length;
    expect(found).toBeGreaterThan(5);
    expect(found).toBeLessThan(55);
  });
});

it('usage is recorded of each request of an endpoint that tracks it', async () => {
  await serve({ usageTracking: { enabled: true } });
  answering((response) => {
    const usage = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ usage }));
  });
  await t.send({ body: '{"client_request_id":"mine"}' });
  expect(await rows(1, 'endpoint_usage')).toMatchObject([
    {
      status_code: 200,
      requester: 'alice',
      client_request_id: 'mine',
      workspace_id: 'team-a',
      input_token_count: 3,
      output_token_count: 4,
      request_streaming: false,
    },
  ]);
});

describe('where logs cannot be written', () => {
  it('requests are answered, and the rows counted', async () => {
    const file = join(directory, 'no-directory');
    writeFileSync(file, '');
    await start({}, { payloadLogDir: file });
    expect((await t.send()).status).toBe(200);
    while ((await counted('failed')) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    expect((await t.send()).status).toBe(200);
  });

  it('nothing is kept where no place was given', async () => {
    t = await startGatewayUnderTest(pki);
    t.cluster.setPods('team-a', 'wine-0123456789', [{ ...pod.sidecar.data, ready: true }]);
    const table = { inferenceTable: { enabled: true, lossless: false } };
    t.cluster.setEndpoint(
      aWineEndpoint((endpoint) => ({ ...endpoint, spec: { ...endpoint.spec, aiGateway: table } })),
    );
    await t.caughtUp();
    expect((await t.send()).status).toBe(200);
    expect(await counted('no_sink')).toBe(1);
  });

  it('requests are answered when there is no room in memory, and the rows counted', async () => {
    await start({}, { payloadLogQueueBytes: 2_000 });
    answering((response) => response.writeHead(200, { 'content-type': 'text/plain' }).end('x'.repeat(5_000)));
    expect((await t.send()).body.length).toBe(5_000);
    expect(await counted('overflow')).toBe(1);
    expect(await t.metric('fairlead_payload_log_memory_bytes')).toBe(0);
  });

  it('requests of an endpoint that would lose nothing wait for room', async () => {
    const file = join(directory, 'later');
    writeFileSync(file, '');
    await start({ lossless: true }, { payloadLogDir: file, payloadLogQueueBytes: 1_000 });
    expect((await t.send()).status).toBe(200);
    let answered = false;
    const second = t.send().then((answer) => {
      answered = true;
      return answer;
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([answered, pod.model.seen.length]).toEqual([false, 1]);
    rmSync(file);
    expect((await second).status).toBe(200);
    expect(await rows(2)).toHaveLength(2);
  });

  it('such a request is refused when its time is up', async () => {
    const file = join(directory, 'never');
    writeFileSync(file, '');
    const config = { payloadLogDir: file, payloadLogQueueBytes: 1_000, totalTimeoutMs: 300 };
    await start({ lossless: true }, config);
    await t.send();
    const answer = await t.send();
    expect(answer).toMatchObject({
      status: 503,
      headers: { 'x-fairlead-request-dropped-reason': 'record_full' },
    });
  });
});
