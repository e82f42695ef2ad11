/** Owns what the spec of an endpoint says about how its requests find a replica, resolved once for all requests. */
import { requestTimeouts } from '../../core/routing/request-timeouts.ts';
import type { RequestTimeouts } from '../../core/routing/request-timeouts.ts';
import { RetryBudget } from '../../core/routing/retry-budget.ts';
import type { RetryRules } from '../../core/routing/plan-retry.ts';
import type { ServingEndpointSpec } from '../../crds/schema/serving-endpoint.ts';
import type { PhaseTimeouts } from '../upstream/upstream-request.ts';
import type { EndpointMetrics, TrafficMetrics } from './traffic-metrics.ts';

/** Where the key of a request is that has to go where others with it went. */
export interface StickyKey {
  readonly from: 'header' | 'cookie';
  /** Of a header in lower case. */
  readonly name: string;
}

export interface EndpointTraffic {
  readonly sticky: StickyKey | undefined;
  readonly hasPrefixAffinity: boolean;
  readonly retries: RetryRules;
  readonly budget: RetryBudget;
  /** Deadlines of one attempt. */
  readonly phases: PhaseTimeouts;
  /** Deadline of a request as a whole, in milliseconds; 0: none. */
  readonly totalMs: number;
  readonly hasFallback: boolean;
  readonly metrics: EndpointMetrics;
}

/** What holds where the spec says nothing. */
export interface TrafficDefaults extends RequestTimeouts {
  readonly connectMs: number;
  readonly retryAttempts: number;
  readonly retryBudgetPercent: number;
}

/** `label` is `namespace/name`. */
export type MakeTraffic = (
  spec: Pick<ServingEndpointSpec, 'routing' | 'aiGateway'>,
  label: string,
) => EndpointTraffic;

/** Returns how the specs of endpoints are read. */
export const trafficMaker =
  (defaults: TrafficDefaults, metrics: TrafficMetrics): MakeTraffic =>
  ({ routing, aiGateway }, label) => {
    const { totalMs, firstByteMs, idleMs } = requestTimeouts(routing?.timeouts, defaults);
    return {
      sticky: stickyKeyOf(routing?.sticky),
      hasPrefixAffinity: routing?.prefixAffinity?.enabled ?? false,
      retries: retryRulesOf(routing?.retries, defaults),
      budget: new RetryBudget({ percent: defaults.retryBudgetPercent }),
      phases: { connectMs: defaults.connectMs, firstByteMs, idleMs },
      totalMs,
      hasFallback: aiGateway?.fallback?.enabled ?? false,
      metrics: metrics.of(label),
    };
  };

const retryRulesOf = (
  retries: NonNullable<ServingEndpointSpec['routing']>['retries'],
  { retryAttempts }: TrafficDefaults,
): RetryRules => ({
  attempts: retries?.attempts ?? retryAttempts,
  serverErrors: retries?.serverErrors ?? false,
});

function stickyKeyOf(sticky: NonNullable<ServingEndpointSpec['routing']>['sticky']): StickyKey | undefined {
  if (sticky?.header !== undefined) return { from: 'header', name: sticky.header.toLowerCase() };
  return sticky?.cookie === undefined ? undefined : { from: 'cookie', name: sticky.cookie };
}
