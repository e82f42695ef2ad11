/** Owns the proof that gRPC passes gateway and sidecar whole: messages both ways, metadata, trailers, deadlines, cancelling. */
import { status } from '@grpc/grpc-js';
import type {
  Metadata,
  ServerDuplexStream,
  ServerUnaryCall,
  ServerWritableStream,
  UntypedServiceImplementation,
  sendUnaryData,
} from '@grpc/grpc-js';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startChain } from './chain-fixture.ts';
import type { Chain, ChainOptions } from './chain-fixture.ts';
import { aWineEndpoint } from './cluster-fixture.ts';
import { hear, infer, metadataOf, openGrpcClient, startGrpcModel } from './grpc-fixture.ts';
import type { GrpcClient, GrpcModel } from './grpc-fixture.ts';
import { until } from './http-client-fixture.ts';
import { makePki } from './pki-fixture.ts';
import type { Pki } from './pki-fixture.ts';

const domain = 'models.example';
const alice = metadataOf({ authorization: 'Bearer alice-token' });

let pki: Pki;
let t: Chain;
let model: GrpcModel;
let client: GrpcClient;
let seen: Metadata[];
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());
afterEach(async () => {
  client.close();
  await t.stop();
  model.stop();
});

type Unary = ServerUnaryCall<unknown, unknown>;
type Writable = ServerWritableStream<unknown, unknown>;
type Duplex = ServerDuplexStream<unknown, unknown>;

const implementation = {
  infer: (call: Unary, callback: sendUnaryData<unknown>) => {
    seen.push(call.metadata);
    call.sendMetadata(metadataOf({ 'x-model': 'wine' }));
    callback(null, { echo: call.request }, metadataOf({ 'x-cost': '7' }));
  },
  collect: (call: Duplex, callback: sendUnaryData<unknown>) => {
    const values: unknown[] = [];
    call.on('data', (value: unknown) => values.push(value));
    call.on('end', () => callback(null, values));
  },
  generate: (call: Writable) => {
    for (const word of ['a', 'b', 'c']) call.write(word);
    call.end(metadataOf({ 'x-cost': '3' }));
  },
  converse: (call: Duplex) => {
    call.on('data', (value: unknown) => call.write({ echo: value }));
    call.on('end', () => call.end());
  },
};

/** What node's types of the library cannot say: which of the four kinds each method is. */
const servedBy = (methods: typeof implementation): UntypedServiceImplementation =>
  methods as unknown as UntypedServiceImplementation;

async function start(
  change: Partial<typeof implementation> = {},
  options: ChainOptions = {},
  authority = `wine.team-a.${domain}`,
): Promise<void> {
  seen = [];
  model = await startGrpcModel(servedBy({ ...implementation, ...change }));
  t = await startChain(pki, {
    ...options,
    gateway: { domain, ...options.gateway },
    sidecar: (config) => ({
      modelServer: { ...config.modelServer, grpcPort: model.port },
      ...options.sidecar?.(config),
    }),
  });
  client = openGrpcClient(t.gateway.gateway.address, authority);
}

describe('a call of gRPC', () => {
  it('comes to the model and back, with metadata in front and behind', async () => {
    await start();
    let head: Metadata | undefined;
    let trailers: Metadata | undefined;
    const value = await new Promise((resolve) => {
      const call = client.infer(
        { x: 1 },
        metadataOf({ authorization: 'Bearer alice-token', 'x-own': 'kept' }),
        {},
        (_e, v) => resolve(v),
      );
      call.on('metadata', (given: Metadata) => (head = given));
      call.on('status', ({ metadata }) => (trailers = metadata));
    });
    expect(value).toEqual({ echo: { x: 1 } });
    expect(head?.get('x-model')).toEqual(['wine']);
    expect(head?.get('served-model-name')).toEqual(['wine-1']);
    await until(() => trailers !== undefined);
    expect(trailers?.get('x-cost')).toEqual(['7']);
    expect(seen[0]?.get('x-own')).toEqual(['kept']);
    expect(
      Object.keys(seen[0]?.getMap() ?? {}).filter((name) => /fairlead|authorization/.test(name)),
    ).toEqual([]);
  });

  it('of many at one time shares its connections', async () => {
    await start({}, { sidecar: () => ({ concurrency: { limit: 0, queue: 0, queueTimeoutMs: 1_000 } }) });
    const answers = await Promise.all(
      Array.from({ length: 150 }, (_, index) => infer(client, index + 1, alice)),
    );
    expect(answers.map(({ value }) => value)).toEqual(
      Array.from({ length: 150 }, (_, index) => ({ echo: index + 1 })),
    );
  });

  it('streams from the model', async () => {
    await start();
    const heard = await hear(client.generate({}, alice));
    expect(heard).toMatchObject({ values: ['a', 'b', 'c'], error: undefined });
    expect(heard.trailers?.get('x-cost')).toEqual(['3']);
  });

  it('streams to the model', async () => {
    await start();
    const value = await new Promise((resolve) => {
      const call = client.collect(alice, {}, (_error, answer) => resolve(answer));
      for (const word of ['a', 'b', 'c']) call.write(word);
      call.end();
    });
    expect(value).toEqual(['a', 'b', 'c']);
  });

  it('streams both ways, message by message', async () => {
    await start();
    const call = client.converse(alice);
    const heard = hear(call);
    const answers: unknown[] = [];
    call.on('data', (value: unknown) => answers.push(value));
    for (let turn = 1; turn <= 5; turn += 1) {
      call.write(turn);
      await until(() => answers.length === turn);
    }
    call.end();
    expect((await heard).values).toEqual([1, 2, 3, 4, 5].map((echo) => ({ echo })));
  });

  it('of a megabyte is whole, and one beyond the bound of a message is refused, however many there are', async () => {
    await start({}, { gateway: { maxBodyBytes: 2 * 1024 * 1024 } });
    const large = 'x'.repeat(1024 * 1024);
    expect((await infer(client, large, alice)).value).toEqual({ echo: large });
    const value = await new Promise((resolve) => {
      const call = client.collect(alice, {}, (_error, answer) => resolve((answer as unknown[]).length));
      for (let count = 0; count < 5; count += 1) call.write(large);
      call.end();
    });
    expect(value).toBe(5);
    const { error } = await infer(client, 'x'.repeat(3 * 1024 * 1024), alice);
    expect(error).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  });

  it('that the model refuses comes back with its code and words', async () => {
    await start({
      infer: (_call, callback) => callback({ code: status.INVALID_ARGUMENT, details: 'no such grape: ä' }),
    });
    const { error } = await infer(client, {}, alice);
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, details: 'no such grape: ä' });
  });

  it('that the model refuses before it has heard all of it ends there', async () => {
    await start({ collect: (_call, callback) => callback({ code: status.ABORTED, details: 'enough' }) });
    const error = await new Promise((resolve) => {
      const call = client.collect(alice, {}, (thrown) => resolve(thrown));
      call.write('a');
    });
    expect(error).toMatchObject({ code: status.ABORTED, details: 'enough' });
    expect((await infer(client, 1, alice)).value).toEqual({ echo: 1 });
  });

  it('that takes longer than its client waits is taken away from the model, which has heard how long', async () => {
    let cancelled = false;
    let deadline: unknown;
    await start({
      infer: (call) => {
        deadline = call.getDeadline();
        call.on('cancelled', () => (cancelled = true));
      },
    });
    const { error } = await infer(client, {}, alice, { deadline: Date.now() + 400 });
    expect(error).toMatchObject({ code: status.DEADLINE_EXCEEDED });
    expect(deadline).not.toBe(Number.POSITIVE_INFINITY);
    await until(() => cancelled);
  });

  it('that its client cancels is taken away from the model', async () => {
    let begun = false;
    let cancelled = false;
    await start({
      generate: (call) => {
        begun = true;
        call.write('a');
        call.on('cancelled', () => (cancelled = true));
      },
    });
    const call = client.generate({}, alice);
    call.on('error', () => undefined).on('data', () => undefined);
    await until(() => begun);
    call.cancel();
    await until(() => cancelled);
  });
});

describe('a call of gRPC that a proxy refuses', () => {
  it.each<[what: string, metadata: Metadata, authority: string, code: number]>([
    ['without a token', metadataOf({}), `wine.team-a.${domain}`, status.UNAUTHENTICATED],
    [
      'with a wrong token',
      metadataOf({ authorization: 'Bearer x' }),
      `wine.team-a.${domain}`,
      status.PERMISSION_DENIED,
    ],
    ['to an unknown endpoint', alice, `beer.team-a.${domain}`, status.NOT_FOUND],
    ['to no endpoint', alice, `team-a.${domain}`, status.NOT_FOUND],
    ['to another domain', alice, 'wine.team-a.example.org', status.NOT_FOUND],
  ])('%s is told so in its status', async (_what, metadata, authority, code) => {
    await start({}, {}, authority);
    const { error } = await infer(client, {}, metadata);
    expect(error).toMatchObject({ code });
    expect(error?.details).not.toBe('');
    expect(seen).toEqual([]);
  });

  it('because of a limit is told so, and has been counted once', async () => {
    await start();
    t.gateway.cluster.setEndpoint(
      aWineEndpoint((endpoint) => ({
        ...endpoint,
        spec: { ...endpoint.spec, rateLimits: [{ key: 'user', calls: 2, renewalPeriod: 'minute' }] },
      })),
    );
    await t.gateway.caughtUp();
    const codes = [];
    for (let count = 0; count < 3; count += 1)
      codes.push((await infer(client, count + 1, alice)).error?.code);
    expect(codes).toEqual([undefined, undefined, status.RESOURCE_EXHAUSTED]);
  });

  it('because the model takes none is told so', async () => {
    await start({}, { sidecar: ({ modelServer }) => ({ modelServer }) });
    expect((await infer(client, {}, alice)).error).toMatchObject({ code: status.UNIMPLEMENTED });
  });

  it('because the model cannot be reached is told so, and served once it can', async () => {
    await start();
    model.stop();
    expect((await infer(client, {}, alice)).error).toMatchObject({ code: status.UNAVAILABLE });
    model = await startGrpcModel(servedBy(implementation), model.port);
    expect((await infer(client, 1, alice)).value).toEqual({ echo: 1 });
  });

  it('amid a stream, because the model is gone, ends in a status and not as if it were whole', async () => {
    await start({ generate: (call) => void call.write('a') });
    const heard = hear(client.generate({}, alice));
    await sleep(200);
    model.stop();
    const { values, error } = await heard;
    expect(values).toEqual(['a']);
    expect(error).toMatchObject({ code: status.UNAVAILABLE });
  });

  it('amid a stream, because the model is silent for too long, ends in a status', async () => {
    await start(
      { generate: (call) => void call.write('a') },
      { sidecar: ({ timeouts }) => ({ timeouts: { ...timeouts, idleMs: 300 } }) },
    );
    const { values, error } = await hear(client.generate({}, alice));
    expect(values).toEqual(['a']);
    expect(error).toMatchObject({ code: status.DEADLINE_EXCEEDED });
  });

  it('because the gateway ends ends in a status', async () => {
    await start({ generate: (call) => void call.write('a') }, { gateway: { shutdownGraceMs: 300 } });
    const heard = hear(client.generate({}, alice));
    await sleep(200);
    await t.gateway.gateway.stop();
    expect((await heard).error).toMatchObject({ code: status.UNAVAILABLE });
  });
});

describe('a call of gRPC to an endpoint at zero', () => {
  it('is held, body and all, until there is a pod', async () => {
    await start();
    t.gateway.cluster.setPods('team-a', 'wine-0123456789', []);
    await t.gateway.caughtUp();
    const answer = infer(client, 'held', alice);
    await sleep(150);
    t.gateway.cluster.setPods('team-a', 'wine-0123456789', [{ ...t.pod.sidecar.data, ready: true }]);
    expect((await answer).value).toEqual({ echo: 'held' });
  });
});
