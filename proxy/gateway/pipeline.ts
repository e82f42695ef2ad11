/** Owns what the gateway puts into each place of the pipeline. */
import type { AccountingPlan } from '../../core/accounting/accounting-plan.ts';
import { timingsWithin } from '../../core/cold-start/start-timeline.ts';
import { formatTimings } from '../../core/cold-start/timings.ts';
import type { Clock } from '../../platform/clock.ts';
import type { AccessChecker, EndpointRef, TokenChecker } from '../../platform/identity/principal.ts';
import type { Logger } from '../../platform/logging.ts';
import { endpointIdentity } from '../../platform/tls/identity.ts';
import type { Pipeline, Stage } from '../exchange.ts';
import { pushForwardedCaller } from '../forwarded-caller.ts';
import { makePipeline } from '../pipeline.ts';
import { publicId } from '../public-id.ts';
import type { ProxyMetrics } from '../proxy-metrics.ts';
import { allowsQuery } from '../direct/data-plane-tokens.ts';
import type { RowLog } from '../rows/row-log.ts';
import { forwardedPath } from '../sidecar-paths.ts';
import { makeAuthenticate } from '../stages/authenticate/authenticate.ts';
import { makeAuthorise } from '../stages/authorise/authorise.ts';
import { makeChoose } from '../stages/choose/choose.ts';
import { makeForward } from '../stages/forward/forward.ts';
import type { HoldStage } from '../stages/hold/hold.ts';
import { makeKnowSidecar } from '../stages/know-sidecar/know-sidecar.ts';
import type { LimitStore } from '../stages/limit/limit-store.ts';
import { makeLimit } from '../stages/limit/limit.ts';
import type { LimitOptions } from '../stages/limit/limit.ts';
import { makeObserve } from '../stages/observe/observe.ts';
import { makeRecord } from '../stages/record/record.ts';
import { makeRead } from '../stages/read/read.ts';
import { makeReceive } from '../stages/receive/receive.ts';
import { makeSettle } from '../stages/settle/settle.ts';
import type { Tracing } from '../tracing/start-tracer.ts';
import type { Upstream } from '../upstream/upstream-request.ts';
import type { GatewayConfig } from './config.ts';
import type { Attempts } from '../targets/attempts.ts';
import { makeReadTarget } from './read-target.ts';
import type { RoutedExchange } from '../targets/routed-exchange.ts';
import type { RoutedEndpoint, RoutingTable } from '../targets/routing-table.ts';

export interface GatewayPipelineOptions {
  readonly config: GatewayConfig;
  readonly tokens: TokenChecker;
  readonly access: AccessChecker;
  readonly table: RoutingTable;
  readonly hold: HoldStage;
  /** Whether sidecars send requests on, and are taken at their word on the caller. */
  readonly takesSidecars: boolean;
  readonly attempts: Attempts;
  readonly limitStore: LimitStore | undefined;
  readonly metrics: ProxyMetrics;
  readonly rows: RowLog;
  readonly tracing: Tracing;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Tells a request that was held for how long, and where that time went. */
const coldStartHeader = 'x-fairlead-cold-start';

/** Returns the pipeline of the gateway. */
export function makeGatewayPipeline(options: GatewayPipelineOptions): Pipeline {
  const { config, table, hold, clock, log } = options;
  const now = (): number => clock.monotonic();
  const current = (exchange: RoutedExchange): RoutedEndpoint | undefined =>
    table.find(exchange.namespace, exchange.asked?.endpoint ?? '');
  return makePipeline<RoutedExchange>(
    {
      receive: makeReceive({
        readPath: makeReadTarget(config, table),
        maxBodyBytes: () => config.maxBodyBytes,
        totalMs: () => config.totalTimeoutMs,
      }),
      authenticate: makeKnow(options, current),
      authorise: makeAuthorise({
        checker: options.access,
        locate: (exchange) => locate(exchange, current(exchange)),
        decided,
        now,
      }),
      limit: makeLimit(limitOptions(options)),
      read: makeRead(),
      choose: makeChoose(current),
      record: makeRecordStage(options),
      queue: hold,
      forward: makeForwardToPod(options),
      settle: makeSettle(accountingOf),
      observe: makeObserveStage(options),
    },
    log,
  );
}

function limitOptions({ limitStore, clock }: GatewayPipelineOptions): LimitOptions<RoutedExchange> {
  return {
    quotaOf: (exchange) => exchange.endpoint?.quota,
    // Sidecars of a route-optimised endpoint apply its limits as well, and have no store.
    storeOf: (exchange) => (exchange.endpoint?.routeOptimized === true ? undefined : limitStore),
    now: () => clock.now(),
  };
}

/** Callers are known by their tokens; where sidecars come too, those by their certificates. */
function makeKnow(
  { config, tokens, takesSidecars, clock }: GatewayPipelineOptions,
  current: (exchange: RoutedExchange) => RoutedEndpoint | undefined,
): Stage<RoutedExchange> {
  const authenticate = makeAuthenticate<RoutedExchange>(tokens, () => clock.monotonic());
  if (!takesSidecars) return authenticate;
  const identityOf = (exchange: RoutedExchange): string | undefined => {
    const endpoint = current(exchange);
    if (endpoint === undefined) return undefined;
    return endpointIdentity(config.trustDomain, endpoint.namespace, endpoint.name);
  };
  return makeKnowSidecar({ authenticate, identityOf });
}

function makeForwardToPod({ config, attempts, log }: GatewayPipelineOptions): Stage<RoutedExchange> {
  const timeouts = {
    connectMs: config.connectTimeoutMs,
    firstByteMs: config.firstByteTimeoutMs,
    idleMs: config.idleTimeoutMs,
  };
  return makeForward({
    poolOf,
    pathOf: (exchange) => (exchange.isGrpc ? exchange.caller.head.target : forwardedPath + exchange.query),
    timeouts: (exchange) => exchange.endpoint?.traffic.phases ?? timeouts,
    maxBodyBytes: () => config.maxBodyBytes,
    addRequestHeaders: (exchange, headers) => pushForwardedCaller(headers, exchange),
    addAnswerHeaders: (exchange, headers) => {
      if (exchange.heldMs > 0) headers.push(coldStartHeader, coldStartOf(exchange));
    },
    takesBack: (exchange, head) => attempts.takesBack(exchange, head),
    afterFailure: (exchange, failure) => attempts.afterFailure(exchange, failure),
    onFailure: (exchange, { error, kind }) => {
      const { endpointLabel, servedEntity } = exchange;
      log.warn(
        {
          requestId: publicId(exchange.requestId),
          endpoint: endpointLabel,
          servedEntity,
          code: error.code,
          kind,
          cause: error.message,
        },
        'forwarding failed',
      );
    },
  });
}

function locate(
  exchange: RoutedExchange,
  endpoint: RoutedEndpoint | undefined,
): { ref: EndpointRef; known: boolean } {
  if (endpoint === undefined) {
    const ref = { namespace: exchange.namespace, name: exchange.asked?.endpoint ?? '' };
    return { ref, known: false };
  }
  exchange.endpoint = endpoint;
  exchange.endpointLabel = endpoint.label;
  return { ref: endpoint, known: true };
}

function coldStartOf({ heldFor, heldSince = 0, heldMs }: RoutedExchange): string {
  return formatTimings(timingsWithin(heldFor, heldSince, heldSince + heldMs));
}

const makeObserveStage = (options: GatewayPipelineOptions): Stage<RoutedExchange> =>
  makeObserve({
    ...options,
    tracer: () => options.tracing.current,
    settings: () => options.config.accessLog,
    random: Math.random,
    now: () => options.clock.monotonic(),
  });

const makeRecordStage = ({ rows, clock }: GatewayPipelineOptions): Stage<RoutedExchange> =>
  makeRecord({
    planOf: accountingOf,
    log: rows,
    clock,
    heldMs: ({ heldMs }) => heldMs,
    random: Math.random,
  });

const accountingOf = ({ endpoint }: RoutedExchange): AccountingPlan | undefined => endpoint?.accounting;

/** A token of the data plane is good for its own endpoint and nothing else; a sidecar has looked at one before it sent on. */
function decided({ isVouchedFor, grant, endpoint }: RoutedExchange): 'allowed' | 'denied' | undefined {
  if (isVouchedFor) return 'allowed';
  if (grant === undefined) return undefined;
  return endpoint !== undefined && allowsQuery(grant, endpoint.uid) ? 'allowed' : 'denied';
}

function poolOf(exchange: RoutedExchange): Upstream {
  const { pod } = exchange;
  if (pod === undefined) throw new Error('a request reached the forward stage without a pod');
  return exchange.isGrpc ? pod.pool.http2 : pod.pool;
}
