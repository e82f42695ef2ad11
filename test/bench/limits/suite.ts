/** Owns the measurement of what limits cost: the stage by itself, with each kind of limit, and asking a store. */
import { Registry } from 'prom-client';
import type { RateLimit } from '../../../crds/schema/governance.ts';
import { EndpointQuota } from '../../../core/quota/endpoint-quota.ts';
import { PoolShare } from '../../../core/quota/pool-share.ts';
import { systemClock } from '../../../platform/clock.ts';
import { makeLogger } from '../../../platform/logging.ts';
import type { Exchange } from '../../../proxy/exchange.ts';
import { limitStoreSchema } from '../../../proxy/limit-store/config.ts';
import { RedisLimitStore } from '../../../proxy/limit-store/redis-limit-store.ts';
import { makeLimit } from '../../../proxy/stages/limit/limit.ts';
import { startRedisServer } from '../../../proxy/testing/redis-server-fixture.ts';
import type { SuiteReport } from '../suite-report.ts';

const plenty = 1_000_000_000;
const limit = (key: RateLimit['key'], more: Partial<RateLimit> = {}): RateLimit => ({
  key,
  calls: plenty,
  renewalPeriod: 'minute',
  ...more,
});
const smoothing = { burstSeconds: 1 };

const kinds: readonly (readonly [name: string, limits: readonly RateLimit[], groups?: readonly string[]])[] =
  [
    ['none', []],
    ['endpoint', [limit('endpoint')]],
    ['endpoint and user', [limit('endpoint'), limit('user')]],
    ['endpoint and user, spread evenly', [limit('endpoint', { smoothing }), limit('user', { smoothing })]],
    ['endpoint and three groups', [limit('endpoint'), limit('userGroup')], ['a', 'b', 'c']],
    [
      'endpoint and user, calls and tokens',
      [limit('endpoint', { tokens: plenty }), limit('user', { tokens: plenty })],
    ],
  ];

const requests = 1_000_000;
const callers = 100;
const body = Buffer.from(
  JSON.stringify({ messages: [{ role: 'user', content: 'x'.repeat(100) }], max_tokens: 10 }),
);

/** Runs the suite. The store is a Redis or Valkey server on loopback. */
export async function runLimitsSuite(): Promise<SuiteReport> {
  const stage = kinds.map(([name, limits, groups = []]) => {
    measureStage(limits, groups, requests / 10);
    return { limits: name, nanoseconds: Math.round(measureStage(limits, groups, requests)) };
  });
  const store = await measureStore();
  const lines = [
    '| limits that bind | time per request |',
    '| --- | --- |',
    ...stage.map(({ limits, nanoseconds }) => `| ${limits} | ${nanoseconds} ns |`),
    '',
    '| asked of the store at one time | CPU of the gateway per request | answer after |',
    '| --- | --- | --- |',
    ...store.map(
      (row) => `| ${row.atOnce} | ${row.cpuMicroseconds.toFixed(1)} µs | ${row.milliseconds.toFixed(2)} ms |`,
    ),
    '',
  ];
  return {
    figures: { stage, store },
    // Times of another machine mean nothing here.
    ratios: {},
    verdicts: [],
    text: lines.join('\n'),
    leftOut: [],
    versions: {},
  };
}

/** Returns nanoseconds per request: deciding, headers, settling. */
function measureStage(limits: readonly RateLimit[], groups: readonly string[], count: number): number {
  const share = new PoolShare();
  share.take(0.5, new Map(), 0);
  const quota = limits.length === 0 ? undefined : new EndpointQuota({ limits, label: 'team-a/wine', share });
  const stage = makeLimit({ quotaOf: () => quota, now: Date.now });
  const names = Array.from({ length: callers }, (_, index) => `user-${index}`);
  // As much of an exchange as the stage looks at, so that nothing else is measured.
  const exchange = {
    ...{ accounted: false, principal: '', groups, answerHeaders: [], body, status: 200 },
    usage: { inputTokens: 5, outputTokens: 5, estimated: false },
  } as unknown as Exchange;
  const from = process.hrtime.bigint();
  for (let index = 0; index < count; index += 1) {
    exchange.principal = names[index % callers] ?? '';
    exchange.answerHeaders.length = 0;
    stage.run(exchange);
    stage.finish?.(exchange);
  }
  return Number(process.hrtime.bigint() - from) / count;
}

interface StoreRow {
  readonly atOnce: number;
  readonly cpuMicroseconds: number;
  readonly milliseconds: number;
}

async function measureStore(): Promise<StoreRow[]> {
  const server = await startRedisServer();
  const config = limitStoreSchema.parse({ url: `redis://127.0.0.1:${server.port}`, timeoutMs: 1_000 });
  const log = makeLogger({ process: 'bench', level: 'silent' });
  const store = new RedisLimitStore({ config, clock: systemClock, registry: new Registry(), log });
  while (!store.isUp) await new Promise((resolve) => setTimeout(resolve, 10));
  const quota = new EndpointQuota({ limits: [limit('endpoint'), limit('user')], label: 'team-a/wine' });
  const rows: StoreRow[] = [];
  for (const atOnce of [1, 8, 32]) {
    await askRounds(store, quota, atOnce, 200);
    rows.push(await askRounds(store, quota, atOnce, Math.ceil(20_000 / atOnce)));
  }
  await store.stop();
  await server.stop();
  return rows;
}

async function askRounds(
  store: RedisLimitStore,
  quota: EndpointQuota,
  atOnce: number,
  rounds: number,
): Promise<StoreRow> {
  const caller = quota.of({ principal: 'alice', groups: [] }, Date.now());
  const ask = (): Promise<void> =>
    new Promise((resolve, reject) => {
      store.ask({
        ...{ label: quota.label, caller, tokens: 0 },
        onVerdict: () => resolve(),
        onUnavailable: () => reject(new Error('the store has not answered')),
      });
    });
  const cpu = process.cpuUsage();
  const from = performance.now();
  for (let round = 0; round < rounds; round += 1) await Promise.all(Array.from({ length: atOnce }, ask));
  const milliseconds = (performance.now() - from) / rounds;
  const { user, system } = process.cpuUsage(cpu);
  return { atOnce, cpuMicroseconds: (user + system) / (rounds * atOnce), milliseconds };
}
