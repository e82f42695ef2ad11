/** Owns what the sidecar puts into each place of the pipeline. */
import type { EndpointQuota } from '../../core/quota/endpoint-quota.ts';
import { isGrpcPath } from '../../core/routing/invocation-path.ts';
import type { SidecarConfig } from '../../core/sidecar-config.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logging.ts';
import type { Registry } from '../../platform/metrics.ts';
import type { WatchedFile } from '../../platform/watched-file.ts';
import type { DemandMeter } from '../demand/demand-meter.ts';
import { refusals } from '../errors.ts';
import type { Refusal } from '../errors.ts';
import type { DirectExchange } from '../direct/direct-exchange.ts';
import type { Exchange, Pipeline, Stage } from '../exchange.ts';
import { makePipeline } from '../pipeline.ts';
import { publicId } from '../public-id.ts';
import { ProxyMetrics } from '../proxy-metrics.ts';
import type { RowLog } from '../rows/row-log.ts';
import { forwardedPath } from '../sidecar-paths.ts';
import { makeForward } from '../stages/forward/forward.ts';
import { makeLimit } from '../stages/limit/limit.ts';
import { makeObserve } from '../stages/observe/observe.ts';
import { makeQueue } from '../stages/queue/queue.ts';
import type { Slots } from '../stages/queue/slots.ts';
import { makeRead } from '../stages/read/read.ts';
import { makeRecord } from '../stages/record/record.ts';
import { makeReceive } from '../stages/receive/receive.ts';
import { makeSettle } from '../stages/settle/settle.ts';
import { makeServeLocally } from '../stages/serve-locally/serve-locally.ts';
import type { LocalEntity } from '../stages/serve-locally/serve-locally.ts';
import { makeTrustForwarder } from '../stages/trust-forwarder/trust-forwarder.ts';
import type { Tracing } from '../tracing/start-tracer.ts';
import type { Peer } from '../downstream/caller.ts';
import type { DirectCallers } from './direct-callers.ts';
import type { ModelUpstream } from './model-upstream.ts';
import { pushAnswerHeaders } from './answer-headers.ts';

export interface SidecarPipelineOptions {
  readonly config: WatchedFile<SidecarConfig>;
  readonly upstream: ModelUpstream;
  readonly demand: DemandMeter;
  /** Absent: nobody comes but proxies. */
  readonly direct: DirectCallers | undefined;
  readonly isTrusted: (peer: Peer) => boolean;
  readonly quota: { readonly current: EndpointQuota | undefined };
  readonly rows: RowLog;
  readonly tracing: Tracing;
  readonly clock: Clock;
  readonly registry: Registry;
  readonly log: Logger;
}

/** Returns the pipeline and the turns that its queue gives out. */
export function makeSidecarPipeline(options: SidecarPipelineOptions): {
  pipeline: Pipeline;
  slots: Slots<DirectExchange>;
} {
  const { config, direct, clock, log } = options;
  const now = (): number => clock.monotonic();
  const maxBodyBytes = (): number => config.current.maxBodyBytes;
  const queue = makeQueue<DirectExchange>({
    bounds: () => config.current.concurrency,
    demand: options.demand,
    now,
  });
  const planOf = (): SidecarConfig['accounting'] => config.current.accounting;
  let local = localEntity(config.current);
  config.onChange((next) => {
    local = localEntity(next);
  });
  const own = {
    authenticate: makeTrustForwarder<DirectExchange>(options.isTrusted),
    choose: makeServeLocally<DirectExchange>(() => local),
    queue,
  };
  const { authenticate, choose, queue: turn } = direct?.stages(own) ?? own;
  const pipeline = makePipeline<DirectExchange>(
    {
      receive: makeReceive({
        readPath: (exchange, path) =>
          direct?.takesPath(exchange, path) === true ? undefined : readPath(exchange, path, config.current),
        maxBodyBytes,
        totalMs: () => config.current.timeouts.totalMs,
      }),
      authenticate,
      limit: makeLimit({ quotaOf: () => options.quota.current, now: () => clock.now() }),
      read: makeRead(),
      choose,
      record: makeRecord({ planOf, log: options.rows, clock, heldMs: () => 0, random: Math.random }),
      queue: turn,
      forward: makeForwardOn(options),
      settle: makeSettle(planOf),
      observe: makeObserveStage(options),
    },
    log,
  );
  return { pipeline, slots: queue.slots };
}

/** To the model, or to where `direct` says. */
function makeForwardOn({ config, upstream, direct, log }: SidecarPipelineOptions): Stage<DirectExchange> {
  return makeForward({
    poolOf: (exchange) => direct?.poolOf(exchange) ?? (exchange.isGrpc ? upstream.grpc() : upstream.pool()),
    pathOf: (exchange) =>
      direct?.pathOf(exchange) ??
      (exchange.isGrpc
        ? exchange.caller.head.target
        : config.current.modelServer.invocationsPath + exchange.query),
    timeouts: () => config.current.timeouts,
    maxBodyBytes: () => config.current.maxBodyBytes,
    addRequestHeaders: (exchange, headers) => direct?.addRequestHeaders(exchange, headers),
    // Whoever it was passed on to has said who answered.
    addAnswerHeaders: (exchange, headers) => {
      if (exchange.way === undefined) pushAnswerHeaders(exchange, headers);
    },
    takesBack: (exchange, head) => direct?.takesBack(exchange, head) === true,
    afterFailure: (exchange, failure) => direct?.afterFailure(exchange, failure),
    onFailure: (exchange, { error, kind }) => {
      log.warn(
        { requestId: publicId(exchange.requestId), code: error.code, kind, cause: error.message },
        'model failed',
      );
    },
  });
}

function readPath(exchange: Exchange, path: string, { modelServer }: SidecarConfig): Refusal | undefined {
  if (!exchange.isGrpc || !isGrpcPath(path)) return path === forwardedPath ? undefined : refusals.unknownPath;
  return modelServer.grpcPort === undefined ? refusals.grpcUnsupported : undefined;
}

function localEntity({ servedEntity, deployment, endpoint }: SidecarConfig): LocalEntity {
  return { servedEntity, deployment, endpointLabel: `${endpoint.namespace}/${endpoint.name}` };
}

const makeObserveStage = ({
  config,
  tracing,
  clock,
  registry,
  log,
}: SidecarPipelineOptions): Stage<DirectExchange> =>
  makeObserve({
    metrics: new ProxyMetrics(registry),
    log,
    tracer: () => tracing.current,
    settings: () => config.current.accessLog,
    random: Math.random,
    now: () => clock.monotonic(),
  });
