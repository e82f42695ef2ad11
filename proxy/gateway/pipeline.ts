/** Owns what the gateway puts into each place of the pipeline. */
import type { Clock } from '../../platform/clock.ts';
import type { AccessChecker, EndpointRef, TokenChecker } from '../../platform/identity/principal.ts';
import type { Logger } from '../../platform/logging.ts';
import { endpointIdentity } from '../../platform/tls/identity.ts';
import type { Pipeline, Stage } from '../exchange.ts';
import { pushForwardedCaller } from '../forwarded-caller.ts';
import { makePipeline } from '../pipeline.ts';
import type { ProxyMetrics } from '../proxy-metrics.ts';
import { allowsQuery } from '../direct/data-plane-tokens.ts';
import { forwardedPath } from '../sidecar-paths.ts';
import { makeAuthenticate } from '../stages/authenticate/authenticate.ts';
import { makeAuthorise } from '../stages/authorise/authorise.ts';
import { makeChoose } from '../stages/choose/choose.ts';
import { makeForward } from '../stages/forward/forward.ts';
import type { HoldStage } from '../stages/hold/hold.ts';
import { makeKnowSidecar } from '../stages/know-sidecar/know-sidecar.ts';
import { makeLimit } from '../stages/limit/limit.ts';
import { makeObserve } from '../stages/observe/observe.ts';
import { makeRead } from '../stages/read/read.ts';
import { makeReceive } from '../stages/receive/receive.ts';
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
  readonly metrics: ProxyMetrics;
  readonly clock: Clock;
  readonly log: Logger;
}

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
      limit: makeLimit({ quotaOf: (exchange) => exchange.endpoint?.quota, now: () => clock.now() }),
      read: makeRead(),
      choose: makeChoose(current),
      queue: hold,
      forward: makeForwardToPod(options),
      observe: makeObserve({ metrics: options.metrics, log, now }),
    },
    log,
  );
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
      if (exchange.heldMs > 0) headers.push(coldStartHeader, String(Math.round(exchange.heldMs)));
    },
    takesBack: (exchange, head) => attempts.takesBack(exchange, head),
    afterFailure: (exchange, failure) => attempts.afterFailure(exchange, failure),
    onFailure: (exchange, { error, kind }) => {
      const { requestId, endpointLabel, servedEntity } = exchange;
      log.warn(
        {
          requestId,
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
