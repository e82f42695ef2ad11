/** Owns what the gateway needs to apply limits together with others: its share of them, and the store where there is one. */
import { LimitShares } from '../../core/quota/limit-shares.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Health } from '../../platform/health.ts';
import type { Logger } from '../../platform/logging.ts';
import type { Registry } from '../../platform/metrics.ts';
import type { DemandReporter } from '../demand/demand-reporter.ts';
import type { RedisLimitStore } from '../limit-store/redis-limit-store.ts';
import type { RoutingTable } from '../targets/routing-table.ts';
import type { GatewayConfig } from './config.ts';

export interface GatewayLimits {
  readonly shares: LimitShares;
  readonly store: RedisLimitStore | undefined;
}

/** Returns them; the store is loaded only where one is configured. */
export async function makeGatewayLimits({
  config,
  clock,
  registry,
  log,
}: {
  readonly config: GatewayConfig;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly log: Logger;
}): Promise<GatewayLimits> {
  const shares = new LimitShares(config.limitCaution);
  if (config.limitStore === undefined) return { shares, store: undefined };
  const { RedisLimitStore } = await import('../limit-store/redis-limit-store.ts');
  return { shares, store: new RedisLimitStore({ config: config.limitStore, clock, registry, log }) };
}

/** Shares limits with others as long as an endpoint has any; to be called when endpoints have changed. */
export function followLimits({ shares }: GatewayLimits, table: RoutingTable, reporter: DemandReporter): void {
  shares.retainOnly(table.sharingPools());
  if (!shares.isComplete) reporter.reportNow();
}

/** Has the operator told at once when the store has gone or is back. */
export function tellOfStore({ store }: GatewayLimits, reporter: DemandReporter): void {
  store?.onChange(() => reporter.reportNow());
}

/** A gateway that has not had its share is not ready, but it does not wait for ever: an operator may be away. */
export function watchLimits(
  { shares, store }: GatewayLimits,
  health: Health,
  { config, clock }: { readonly config: GatewayConfig; readonly clock: Clock },
): void {
  const waitsUntil = clock.monotonic() + config.limitShareWaitMs;
  health.addReadinessCheck('limits', () =>
    shares.isComplete || clock.monotonic() >= waitsUntil
      ? undefined
      : 'it does not have its share of the limits yet',
  );
  if (store === undefined) return;
  health.addNote('limitStore', () => (store.isUp ? undefined : 'it is away; limits are counted by shares'));
}
