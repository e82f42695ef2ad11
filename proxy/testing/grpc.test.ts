/** Owns the proof that gRPC passes gateway and sidecar whole: messages both ways, metadata, trailers, deadlines, cancelling. */
import { status } from '@grpc/grpc-js';
import type { Metadata } from '@grpc/grpc-js';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { deployment } from './chain-fixture.ts';
import type { ChainOptions } from './chain-fixture.ts';
import { alice, startGrpcChain } from './grpc-chain-fixture.ts';
import type { GrpcChain, Methods } from './grpc-chain-fixture.ts';
import { hear, infer, metadataOf } from './grpc-fixture.ts';
import { until } from './http-client-fixture.ts';
import { makePki } from './pki-fixture.ts';
import type { Pki } from './pki-fixture.ts';

let pki: Pki;
let t: GrpcChain;
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());
afterEach(() => t.stop());

const start = async (
  change?: Partial<Methods>,
  options?: ChainOptions,
  authority?: string,
): Promise<void> => {
  t = await startGrpcChain(pki, change, options, authority);
};

describe('a call of gRPC', () => {
  it('comes to the model and back, with metadata in front and behind', async () => {
    await start();
    let head: Metadata | undefined;
    let trailers: Metadata | undefined;
    const value = await new Promise((resolve) => {
      const call = t.client.infer(
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
    expect(t.seen[0]?.get('x-own')).toEqual(['kept']);
    expect(
      Object.keys(t.seen[0]?.getMap() ?? {}).filter((name) => /fairlead|authorization/.test(name)),
    ).toEqual([]);
  });

  it('of many at one time shares its connections', async () => {
    await start({}, { sidecar: () => ({ concurrency: { limit: 0, queue: 0, queueTimeoutMs: 1_000 } }) });
    const answers = await Promise.all(
      Array.from({ length: 150 }, (_, index) => infer(t.client, index + 1, alice)),
    );
    expect(answers.map(({ value }) => value)).toEqual(
      Array.from({ length: 150 }, (_, index) => ({ echo: index + 1 })),
    );
  });

  it('streams from the model', async () => {
    await start();
    const heard = await hear(t.client.generate({}, alice));
    expect(heard).toMatchObject({ values: ['a', 'b', 'c'], error: undefined });
    expect(heard.trailers?.get('x-cost')).toEqual(['3']);
  });

  it('streams to the model', async () => {
    await start();
    const value = await new Promise((resolve) => {
      const call = t.client.collect(alice, {}, (_error, answer) => resolve(answer));
      for (const word of ['a', 'b', 'c']) call.write(word);
      call.end();
    });
    expect(value).toEqual(['a', 'b', 'c']);
  });

  it('streams both ways, message by message', async () => {
    await start();
    const call = t.client.converse(alice);
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
    expect((await infer(t.client, large, alice)).value).toEqual({ echo: large });
    const value = await new Promise((resolve) => {
      const call = t.client.collect(alice, {}, (_error, answer) => resolve((answer as unknown[]).length));
      for (let count = 0; count < 5; count += 1) call.write(large);
      call.end();
    });
    expect(value).toBe(5);
    const { error } = await infer(t.client, 'x'.repeat(3 * 1024 * 1024), alice);
    expect(error).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  });

  it('that the model refuses comes back with its code and words', async () => {
    await start({
      infer: (_call, callback) => callback({ code: status.INVALID_ARGUMENT, details: 'no such grape: ä' }),
    });
    const { error } = await infer(t.client, {}, alice);
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, details: 'no such grape: ä' });
  });

  it('that the model refuses before it has heard all of it ends there', async () => {
    await start({ collect: (_call, callback) => callback({ code: status.ABORTED, details: 'enough' }) });
    const error = await new Promise((resolve) => {
      const call = t.client.collect(alice, {}, (thrown) => resolve(thrown));
      call.write('a');
    });
    expect(error).toMatchObject({ code: status.ABORTED, details: 'enough' });
    expect((await infer(t.client, 1, alice)).value).toEqual({ echo: 1 });
  });

  it('that takes longer than its t.client waits is taken away from the model, which has heard how long', async () => {
    let cancelled = false;
    let deadline: unknown;
    await start({
      infer: (call) => {
        deadline = call.getDeadline();
        call.on('cancelled', () => (cancelled = true));
      },
    });
    const { error } = await infer(t.client, {}, alice, { deadline: Date.now() + 400 });
    expect(error).toMatchObject({ code: status.DEADLINE_EXCEEDED });
    expect(deadline).not.toBe(Number.POSITIVE_INFINITY);
    await until(() => cancelled);
  });

  it('that its t.client cancels is taken away from the model', async () => {
    let begun = false;
    let cancelled = false;
    await start({
      generate: (call) => {
        begun = true;
        call.write('a');
        call.on('cancelled', () => (cancelled = true));
      },
    });
    const call = t.client.generate({}, alice);
    call.on('error', () => undefined).on('data', () => undefined);
    await until(() => begun);
    call.cancel();
    await until(() => cancelled);
  });
});

describe('a call of gRPC to an endpoint at zero', () => {
  it('is held, body and all, until there is a pod', async () => {
    await start();
    t.gateway.cluster.setPods('team-a', deployment, []);
    await t.gateway.caughtUp();
    const answer = infer(t.client, 'held', alice);
    await sleep(150);
    t.gateway.cluster.setPods('team-a', deployment, [{ ...t.pod.sidecar.data, ready: true }]);
    expect((await answer).value).toEqual({ echo: 'held' });
  });
});
