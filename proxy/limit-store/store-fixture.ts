/** Owns the limit store as proxies have it, before a real server, for tests. */
import { Registry } from 'prom-client';
import type { RateLimit } from '../../crds/schema/governance.ts';
import { EndpointQuota } from '../../core/quota/endpoint-quota.ts';
import { silentLog } from '../../kube/testing/plain-access.ts';
import { systemClock } from '../../platform/clock.ts';
import type { StoreVerdict } from '../stages/limit/limit-store.ts';
import { startRedisServer } from '../testing/redis-server-fixture.ts';
import type { RedisServer } from '../testing/redis-server-fixture.ts';
import { limitStoreSchema } from './config.ts';
import type { LimitStoreConfig } from './config.ts';
import { RedisLimitStore } from './redis-limit-store.ts';

export const label = 'team-a/wine';
export const alice = { principal: 'alice', groups: [] };

/** Returns a limit of the endpoint, or as `more` says. */
export const limit = (more: Partial<RateLimit>): RateLimit => ({
  key: 'endpoint',
  renewalPeriod: 'minute',
  ...more,
});

export interface StoreClient {
  readonly store: RedisLimitStore;
  readonly quota: EndpointQuota;
  /** Returns what the store says; undefined where it says nothing. */
  ask(tokens?: number): Promise<StoreVerdict | undefined>;
  metric(name: string): Promise<number>;
}

export class StoreFixture {
  readonly #cleanUps: (() => Promise<void>)[] = [];

  async startServer(...more: string[]): Promise<RedisServer> {
    const server = await startRedisServer(more);
    this.#cleanUps.push(() => server.stop());
    return server;
  }

  /** Starts the store of one proxy. On a busy machine an answer may take its time. */
  startClient(config: Partial<LimitStoreConfig> & { url: string }, ...limits: RateLimit[]): StoreClient {
    const registry = new Registry();
    const store = new RedisLimitStore({
      config: limitStoreSchema.parse({ timeoutMs: 1_000, ...config }),
      clock: systemClock,
      registry,
      log: silentLog,
    });
    this.#cleanUps.push(() => store.stop());
    const quota = new EndpointQuota({ limits, label });
    return {
      store,
      quota,
      ask: (tokens = 1) =>
        new Promise((resolve) => {
          const caller = quota.of(alice, Date.now());
          store.ask({ label, caller, tokens, onVerdict: resolve, onUnavailable: () => resolve(undefined) });
        }),
      metric: async (name) => {
        const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith(name));
        return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
      },
    };
  }

  async stop(): Promise<void> {
    for (const cleanUp of this.#cleanUps.splice(0).reverse()) await cleanUp();
  }
}

export const urlOf = ({ port }: { readonly port: number }): string => `redis://127.0.0.1:${port}`;
export const isAdmitted = (verdict: StoreVerdict | undefined): boolean =>
  verdict !== undefined && verdict.full === undefined;
