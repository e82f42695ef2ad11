import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Registry } from 'prom-client';
import type { RateLimit } from '../../../crds/schema/governance.ts';
import { EndpointQuota } from '../../../core/quota/endpoint-quota.ts';
import { silentLog } from '../../../kube/testing/plain-access.ts';
import { systemClock } from '../../../platform/clock.ts';
import type { ListenAddress } from '../../../platform/listener.ts';
import { startProxyServer } from '../../downstream/proxy-server.ts';
import { refusals } from '../../errors.ts';
import { Exchange } from '../../exchange.ts';
import type { Stage, Usage } from '../../exchange.ts';
import { limitStoreSchema } from '../../limit-store/config.ts';
import { RedisLimitStore } from '../../limit-store/redis-limit-store.ts';
import { openCall, send, until } from '../../testing/http-client-fixture.ts';
import type { TestAnswer } from '../../testing/http-client-fixture.ts';
import { awayFromTheEndOfAMinute } from '../../testing/minute-fixture.ts';
import { startRedisServer } from '../../testing/redis-server-fixture.ts';
import { makeLimit } from './limit.ts';

const minute = 60_000;
const limit = (more: Partial<RateLimit>): RateLimit => ({ key: 'user', renewalPeriod: 'minute', ...more });
const chat = (more: object = {}): string =>
  JSON.stringify({ messages: [{ role: 'user', content: 'x'.repeat(40) }], ...more });

const cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

interface Harness {
  readonly address: ListenAddress;
  /** Exchanges that are over. */
  readonly over: Exchange[];
  /** What the model says that it has used; undefined: nothing. */
  usage: Usage | undefined;
  /** How the model answers. */
  answer: (exchange: Exchange) => void;
  now: number;
  send(body?: string, user?: string): Promise<TestAnswer>;
}

/** Starts the limit stage between a stage that says who asks and one in the place of a model. */
async function start(limits: readonly RateLimit[], store?: RedisLimitStore): Promise<Harness> {
  const quota = new EndpointQuota({ limits, label: 'team-a/wine' });
  const over: Exchange[] = [];
  const identify: Stage = {
    name: 'identify',
    run: (exchange) => {
      exchange.principal = exchange.caller.head.target.slice(1);
      return true;
    },
  };
  const model: Stage = {
    name: 'model',
    run: (exchange) => {
      harness.answer(exchange);
      return false;
    },
  };
  const options = { quotaOf: () => quota, now: () => harness.now };
  const limiting = makeLimit(store === undefined ? options : { ...options, storeOf: () => store });
  const pipeline = {
    stages: [identify, limiting, model],
    listen: () => undefined,
    finish: (exchange: Exchange) => {
      exchange.usage = exchange.reason === '' ? harness.usage : undefined;
      limiting.finish?.(exchange);
      over.push(exchange);
    },
    onDefect: (_exchange: Exchange, error: unknown) => {
      throw error;
    },
  };
  const server = await startProxyServer({
    address: { host: '127.0.0.1', port: 0 },
    now: () => systemClock.monotonic(),
    makeExchange: (caller) => new Exchange(pipeline, caller, systemClock.monotonic()),
  });
  cleanUps.push(() => server.stop(0));
  const harness: Harness = {
    address: server.address,
    over,
    usage: undefined,
    answer: (exchange) => {
      exchange.status = 200;
      exchange.caller.sendHead(200, 'OK', ['content-length', '2', ...exchange.answerHeaders], 'length');
      exchange.caller.end(Buffer.from('{}'));
    },
    now: 1_000 * minute + 15_000,
    send: (body = chat(), user = 'alice') => send({ to: harness.address, path: `/${user}`, body }),
  };
  return harness;
}

const rateHeaders = ({ headers }: TestAnswer): Record<string, unknown> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('x-ratelimit-')));

describe('an answer where a limit binds', () => {
  it('says what is left of the tightest one, and when it is whole again', async () => {
    const t = await start([limit({ key: 'endpoint', calls: 100 }), limit({ calls: 5, tokens: 2_000 })]);
    t.usage = { inputTokens: 10, outputTokens: 20, estimated: false };
    expect(rateHeaders(await t.send(chat({ max_tokens: 100 })))).toEqual({
      'x-ratelimit-limit-requests': '5',
      'x-ratelimit-remaining-requests': '4',
      'x-ratelimit-reset-requests': '45s',
      'x-ratelimit-limit-tokens': '2000',
      'x-ratelimit-remaining-tokens': String(1_900 - Math.ceil(chat({ max_tokens: 100 }).length / 4)),
      'x-ratelimit-reset-tokens': '45s',
    });
  });

  it('that refuses says so too, and when to come again', async () => {
    const t = await start([limit({ calls: 1 })]);
    await t.send();
    const refused = await t.send();
    expect(refused.status).toBe(429);
    expect(refused.headers).toMatchObject({
      'retry-after': '45',
      'x-ratelimit-remaining-requests': '0',
      'x-fairlead-request-dropped-reason': 'rate_limit',
    });
    expect(refused.json).toEqual({
      error_code: 'REQUEST_LIMIT_EXCEEDED',
      message: 'REQUEST_LIMIT_EXCEEDED: more than 1 calls per minute (limit per user). Try again in 45 s.',
    });
  });

  it('of a whole minute is written as OpenAI writes it', async () => {
    const t = await start([limit({ calls: 1 })]);
    t.now = 1_000 * minute;
    expect((await t.send()).headers['x-ratelimit-reset-requests']).toBe('1m0s');
  });

  it('says nothing where no limit binds the caller', async () => {
    const t = await start([limit({ principal: 'bob', calls: 1 })]);
    expect(rateHeaders(await t.send())).toEqual({});
  });

  it('is 403 for a limit of 0', async () => {
    const t = await start([limit({ tokens: 0 })]);
    const refused = await t.send();
    expect(refused.status).toBe(403);
    expect(refused.json).toMatchObject({
      error_code: 'PERMISSION_DENIED',
      message: 'The endpoint is disabled due to a rate limit set to 0.',
    });
  });
});

describe('tokens', () => {
  const left = async (t: Harness): Promise<number> =>
    Number((await t.send(chat({ max_tokens: 0 }), 'alice')).headers['x-ratelimit-remaining-tokens']) +
    Math.ceil(chat({ max_tokens: 0 }).length / 4);

  it('that were reserved and not used come back when the answer is over', async () => {
    const t = await start([limit({ tokens: 1_000 })]);
    t.usage = { inputTokens: 20, outputTokens: 30, estimated: false };
    await t.send(chat({ max_tokens: 900 }));
    expect(await left(t)).toBe(950);
  });

  it('come back whole where the model was never asked', async () => {
    const t = await start([limit({ tokens: 1_000 })]);
    t.answer = (exchange) => exchange.refuse(refusals.queueFull);
    await t.send(chat({ max_tokens: 900 }));
    expect(await left(t)).toBe(1_000);
  });

  it('that nobody has counted stay taken', async () => {
    const t = await start([limit({ tokens: 1_000 })]);
    await t.send(chat({ max_tokens: 500 }));
    t.usage = { inputTokens: 0, outputTokens: 0, estimated: false };
    expect(await left(t)).toBe(1_000 - 500 - Math.ceil(chat({ max_tokens: 500 }).length / 4));
  });

  it('are settled for a caller that has gone in the middle', async () => {
    const t = await start([limit({ tokens: 1_000 })]);
    t.usage = { inputTokens: 20, outputTokens: 30, estimated: true };
    const { answer } = t;
    t.answer = (exchange) => {
      exchange.status = 200;
      exchange.caller.sendHead(200, 'OK', [], 'stream');
    };
    const call = openCall({ to: t.address, path: '/alice' });
    call.on('error', () => undefined);
    call.end(chat({ max_tokens: 900 }));
    await new Promise((resolve) => call.once('response', resolve));
    call.destroy();
    await until(() => t.over.length === 1);
    t.answer = answer;
    expect(await left(t)).toBe(950);
  });

  it('of requests that do not say what they need are guessed from those before', async () => {
    const t = await start([limit({ tokens: 1_000_000 })]);
    t.usage = { inputTokens: 20, outputTokens: 30, estimated: false };
    for (let count = 0; count < 60; count += 1) await t.send(chat());
    const before = await left(t);
    const after = Number((await t.send('rows')).headers['x-ratelimit-remaining-tokens']);
    expect(before - 50 - after).toBeGreaterThanOrEqual(50);
    expect(before - 50 - after).toBeLessThanOrEqual(52);
  });

  it('that are used up are refused by name', async () => {
    const t = await start([limit({ tokens: 100 })]);
    await t.send(chat({ max_tokens: 90 }));
    const refused = await t.send(chat({ max_tokens: 90 }));
    expect(refused.headers['x-fairlead-request-dropped-reason']).toBe('token_limit');
    expect(refused.body).toContain('more than 100 tokens per minute (limit per user)');
  });
});

describe('with a store', () => {
  beforeEach(awayFromTheEndOfAMinute);

  async function startWithStore(limits: readonly RateLimit[], timeoutMs = 1_000) {
    const server = await startRedisServer();
    cleanUps.push(() => server.stop());
    const config = limitStoreSchema.parse({ url: `redis://127.0.0.1:${server.port}`, timeoutMs });
    const makeStore = async (): Promise<RedisLimitStore> => {
      const store = new RedisLimitStore({
        config,
        clock: systemClock,
        registry: new Registry(),
        log: silentLog,
      });
      cleanUps.push(() => store.stop());
      await until(() => store.isUp);
      return store;
    };
    const proxies = [await start(limits, await makeStore()), await start(limits, await makeStore())];
    // The store goes by its own clock.
    for (const proxy of proxies) proxy.now = Date.now();
    return { server, one: proxies[0]!, other: proxies[1]! };
  }

  it('a limit holds for all replicas together, and the headers tell it', async () => {
    const { one, other } = await startWithStore([limit({ calls: 3 })]);
    const answers = [await one.send(), await other.send(), await one.send(), await other.send()];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    expect(answers.map(({ headers }) => headers['x-ratelimit-remaining-requests'])).toEqual([
      '2',
      '1',
      '0',
      '0',
    ]);
    expect(Number(answers[3]?.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('tokens that were not used come back for all replicas', async () => {
    const { one, other } = await startWithStore([limit({ tokens: 1_000 })]);
    one.usage = { inputTokens: 20, outputTokens: 30, estimated: false };
    expect((await one.send(chat({ max_tokens: 900 }))).status).toBe(200);
    await until(() => one.over.length === 1);
    expect((await other.send(chat({ max_tokens: 900 }))).status).toBe(200);
    expect((await other.send(chat({ max_tokens: 900 }))).status).toBe(429);
  });

  it('that goes away nobody is refused for it: this replica counts by itself, and knows what it has given out', async () => {
    const { server, one } = await startWithStore([limit({ calls: 5 })], 25);
    await one.send();
    await one.send();
    server.freeze();
    cleanUps.push(() => server.thaw());
    const answers = [await one.send(), await one.send(), await one.send(), await one.send()];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
  });

  it('tokens of a caller that has gone before the store has answered come back', async () => {
    const { server, one, other } = await startWithStore([limit({ tokens: 1_000 })]);
    await one.send(chat({ max_tokens: 0 }));
    server.freeze();
    const call = openCall({ to: one.address, path: '/alice' });
    call.on('error', () => undefined);
    call.end(chat({ max_tokens: 900 }));
    await new Promise((resolve) => setTimeout(resolve, 100));
    call.destroy();
    await until(() => one.over.length === 2);
    server.thaw();
    await vi.waitFor(async () => expect((await other.send(chat({ max_tokens: 800 }))).status).toBe(200));
  });
});
