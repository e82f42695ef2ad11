/** Owns the proof that a sidecar refuses what it must. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { SidecarConfig } from '../../core/sidecar-config.ts';
import { answerTo, openCall, until } from '../testing/http-client-fixture.ts';
import { makePki, operatorIdentity, wineIdentity } from '../testing/pki-fixture.ts';
import type { Pki } from '../testing/pki-fixture.ts';
import { startSidecarUnderTest } from './sidecar-fixture.ts';
import type { SidecarUnderTest } from './sidecar-fixture.ts';

let pki: Pki;
let t: SidecarUnderTest;
beforeAll(async () => {
  pki = await makePki();
});
afterAll(() => pki.removeDirectories());
afterEach(() => t.stop());

const start = async (
  change: (config: SidecarConfig) => Partial<SidecarConfig> = () => ({}),
): Promise<void> => {
  t = await startSidecarUnderTest(pki, (config) => ({ ...config, ...change(config) }));
};
const errorCode = (json: unknown): unknown => (json as { error_code?: unknown } | undefined)?.error_code;

describe('a request that is refused', () => {
  it('because it comes without a certificate never gets as far as HTTP', async () => {
    await start();
    const { key: _key, cert: _cert, ...bare } = t.gateway;
    await expect(t.send({ tls: { ...bare, key: '', cert: '' } })).rejects.toThrow();
  });

  it('because its certificate is of another authority neither', async () => {
    await start();
    const foreign = await (await makePki()).material(wineIdentity);
    await expect(t.send({ tls: { ...foreign, ca: t.gateway.ca } })).rejects.toThrow();
  });

  it.each([
    ['from an identity that is no forwarder', {}, 403, 'PERMISSION_DENIED'],
    ['at another path', { path: '/v1/models' }, 404, 'ENDPOINT_NOT_FOUND'],
    ['with another method', { method: 'GET' }, 405, 'METHOD_NOT_ALLOWED'],
    ['larger than allowed', { body: 'x'.repeat(2_000) }, 413, 'MAX_REQUEST_SIZE_EXCEEDED'],
    [
      'with an ambiguous Connection header',
      { headers: { connection: 'close, content-type' } },
      400,
      'BAD_REQUEST',
    ],
  ])('%s gets its reason as JSON', async (name, call, status, code) => {
    await start(() => ({ maxBodyBytes: 1_000 }));
    const tls = name.includes('identity') ? await pki.material(operatorIdentity) : t.gateway;
    const answer = await t.send({ ...call, tls });
    expect(answer.status).toBe(status);
    expect(errorCode(answer.json)).toBe(code);
    expect(t.model.seen).toEqual([]);
  });

  it('because its chunks become too many gets 413', async () => {
    await start(() => ({ maxBodyBytes: 1_000 }));
    t.model.respond = (request) => request.resume();
    const call = openCall(t.call());
    call.on('error', () => undefined);
    const answer = answerTo(call);
    for (let count = 0; count < 20; count += 1) call.write('x'.repeat(100));
    expect((await answer).statusCode).toBe(413);
    (await answer).resume();
    call.end();
  });

  it('because no turn and no place in the queue is left gets 429 with Retry-After', async () => {
    await start(() => ({ concurrency: { limit: 1, queue: 1, queueTimeoutMs: 5_000 } }));
    const waiting: (() => void)[] = [];
    t.model.respond = (_request, response) => waiting.push(() => response.end('{}'));
    const first = t.send();
    await until(() => waiting.length === 1);
    const second = t.send();
    await sleep(50);
    const third = await t.send();
    expect(third.status).toBe(429);
    // Its body was read to the end: under load the gateway's connections are to stay.
    expect(third.headers.connection).not.toBe('close');
    expect(errorCode(third.json)).toBe('RESOURCE_EXHAUSTED');
    expect(third.headers).toMatchObject({
      'retry-after': '1',
      'x-fairlead-request-dropped-reason': 'queue_full',
    });
    waiting[0]?.();
    await until(() => waiting.length === 2);
    waiting[1]?.();
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
  });

  it('because it waited too long for its turn gets 429', async () => {
    await start(() => ({ concurrency: { limit: 1, queue: 5, queueTimeoutMs: 100 } }));
    let release: () => void = () => undefined;
    t.model.respond = (_request, response) => {
      release = () => response.end('{}');
    };
    const first = t.send();
    await sleep(50);
    const second = await t.send();
    expect(second.status).toBe(429);
    expect(second.headers['x-fairlead-request-dropped-reason']).toBe('queue_timeout');
    release();
    expect((await first).status).toBe(200);
  });
});

describe('limits', () => {
  const perUser: SidecarConfig['rateLimits'] = [{ key: 'user', calls: 1, renewalPeriod: 'minute' }];

  it('do not count what the gateway has accounted', async () => {
    await start(() => ({ rateLimits: perUser }));
    const statuses = [await t.send(), await t.send()].map(({ status }) => status);
    expect(statuses).toEqual([200, 200]);
  });

  it('count callers whom nobody has accounted, each by name', async () => {
    await start(() => ({ rateLimits: perUser }));
    const as = (principal: string): Promise<{ status: number }> =>
      t.send({ headers: { 'x-fairlead-principal': encodeURIComponent(principal) } });
    const statuses = [await as('alice'), await as('zoë'), await as('alice')].map(({ status }) => status);
    expect(statuses).toEqual([200, 200, 429]);
  });

  it('change with the configuration file', async () => {
    await start();
    const { current } = t.config;
    t.config.set({ ...current, rateLimits: [{ key: 'endpoint', calls: 0, renewalPeriod: 'minute' }] });
    const answer = await t.send({ headers: { 'x-fairlead-principal': 'alice' } });
    expect(answer.status).toBe(403);
    expect(answer.body).toContain('disabled due to a rate limit set to 0');
  });
});
