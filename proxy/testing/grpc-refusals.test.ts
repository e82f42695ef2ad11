/** Owns the proof that a call of gRPC that is refused or cut says so in its status, and in words. */
import { status } from '@grpc/grpc-js';
import type { Metadata } from '@grpc/grpc-js';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ChainOptions } from './chain-fixture.ts';
import { aWineEndpoint } from './cluster-fixture.ts';
import { alice, domain, startGrpcChain, wineHost } from './grpc-chain-fixture.ts';
import type { GrpcChain, Methods } from './grpc-chain-fixture.ts';
import { hear, infer, metadataOf } from './grpc-fixture.ts';
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

describe('a call of gRPC that a proxy refuses', () => {
  it.each<[what: string, metadata: Metadata, authority: string, code: number]>([
    ['without a token', metadataOf({}), wineHost, status.UNAUTHENTICATED],
    ['with a wrong token', metadataOf({ authorization: 'Bearer x' }), wineHost, status.PERMISSION_DENIED],
    ['to an unknown endpoint', alice, `beer.team-a.${domain}`, status.NOT_FOUND],
    ['to no endpoint', alice, `team-a.${domain}`, status.NOT_FOUND],
    ['to another domain', alice, 'wine.team-a.example.org', status.NOT_FOUND],
  ])('%s is told so in its status', async (_what, metadata, authority, code) => {
    await start({}, {}, authority);
    const { error } = await infer(t.client, {}, metadata);
    expect(error).toMatchObject({ code });
    expect(error?.details).not.toBe('');
    expect(t.seen).toEqual([]);
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
      codes.push((await infer(t.client, count + 1, alice)).error?.code);
    expect(codes).toEqual([undefined, undefined, status.RESOURCE_EXHAUSTED]);
  });

  it('because the model takes none is told so', async () => {
    await start({}, { sidecar: ({ modelServer }) => ({ modelServer }) });
    expect((await infer(t.client, {}, alice)).error).toMatchObject({ code: status.UNIMPLEMENTED });
  });

  it('because the model cannot be reached is told so, and served once it can', async () => {
    await start();
    t.grpc.stop();
    expect((await infer(t.client, {}, alice)).error).toMatchObject({ code: status.UNAVAILABLE });
    await t.restart();
    expect((await infer(t.client, 1, alice)).value).toEqual({ echo: 1 });
  });

  it('amid a stream, because the model is gone, ends in a status and not as if it were whole', async () => {
    await start({ generate: (call) => void call.write('a') });
    const heard = hear(t.client.generate({}, alice));
    await sleep(200);
    t.grpc.stop();
    const { values, error } = await heard;
    expect(values).toEqual(['a']);
    expect(error).toMatchObject({ code: status.UNAVAILABLE });
  });

  it('amid a stream, because the model is silent for too long, ends in a status', async () => {
    await start(
      { generate: (call) => void call.write('a') },
      { sidecar: ({ timeouts }) => ({ timeouts: { ...timeouts, idleMs: 300 } }) },
    );
    const { values, error } = await hear(t.client.generate({}, alice));
    expect(values).toEqual(['a']);
    expect(error).toMatchObject({ code: status.DEADLINE_EXCEEDED });
  });

  it('because the gateway ends ends in a status', async () => {
    await start({ generate: (call) => void call.write('a') }, { gateway: { shutdownGraceMs: 300 } });
    const heard = hear(t.client.generate({}, alice));
    await sleep(200);
    await t.gateway.gateway.stop();
    expect((await heard).error).toMatchObject({ code: status.UNAVAILABLE });
  });
});
